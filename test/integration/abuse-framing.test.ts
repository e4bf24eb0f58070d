import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { besiege, type BesiegedKaiwa } from '../fakes/besieged-kaiwa.ts'
import { closeCodeIn, frame, framesIn, type RawLine } from '../fakes/raw-line.ts'
import { framingCases } from '../fakes/rfc6455-cases.ts'
import { sturdyConversation } from '../fakes/sturdy-conversation.ts'

/** "Framing" of what a hostile client may do, byte by byte, to the built server. */

let siege: BesiegedKaiwa
const lines: RawLine[] = []
beforeAll(async () => { siege = await besiege({ conversation: sturdyConversation }) })
afterEach(async () => {
  for (const { socket } of lines.splice(0)) socket.destroy()
  await siege.expectUnharmed()
  // Only the control call is left: whatever was done to a connection, its call ended with it.
  await expect.poll(() => siege.metric('kaiwa_calls_live'), { timeout: 5000, interval: 20 }).toBe(1)
})
afterAll(async () => { await siege?.close() })

const enter = async (as: 'page' | 'program', stubborn = false) => {
  const line = await siege[as]({ stubborn })
  lines.push(line)
  return line
}
const ask = frame({ payload: Buffer.from('{"type":"input_audio_buffer.clear"}') })
const ended = (line: RawLine, timeoutMs = 5000) => line.read({ timeoutMs })
/** Since a moment, which is named by how much had come. */
const framesSince = (line: RawLine, from: number) => framesIn(Buffer.concat([Buffer.from('\r\n\r\n'), line.got().subarray(from)]))
const bothKinds = ['page', 'program'] as const

describe('RFC 6455', () => {
  it.each(framingCases)('$name', async ({ frames, outcome }) => {
    const line = await enter('program')
    const from = line.got().length
    for (const bytes of frames) line.write(bytes)
    if ('close' in outcome) {
      expect(closeCodeIn(await ended(line))).toBe(outcome.close)
      expect(framesSince(line, from).filter(({ opcode }) => opcode === 8 || opcode === 10)).toHaveLength(1)
    } else {
      line.write(ask)
      const last = framesSince(line, from).length
      await line.read({ until: 'input_audio_buffer.cleared', timeoutMs: 5000 })
      expect(last).toBeGreaterThanOrEqual(0)
      const pongs = framesSince(line, from).filter(({ opcode }) => opcode === 10).map(({ payload }) => payload.toString())
      expect(pongs.length).toBeGreaterThanOrEqual(outcome.pongs?.length ?? 0)
      if (outcome.pongs) expect(pongs).toEqual(outcome.pongs)
      expect(closeCodeIn(line.got())).toBeUndefined()
    }
  })

  it('is a table of about two hundred', () => { expect(framingCases.length).toBeGreaterThan(190) })
})

describe.each(bothKinds)('framing, from a %s', kind => {
  it.each([
    ['unmasked client frame → C1002', frame({ masked: false, payload: Buffer.from('{}') }), 1002],
    ['RSV bits → C1002', frame({ rsv: 4, payload: Buffer.from('{}') }), 1002],
    ['reserved opcode → C1002', frame({ opcode: 3 }), 1002],
    ['fragmented control frame → C1002', frame({ opcode: 9, fin: false }), 1002],
    ['ping of 126 bytes → C1002', frame({ opcode: 9, payload: Buffer.alloc(126) }), 1002],
    ['invalid UTF-8 → C1007', frame({ payload: Buffer.from([0xC0, 0xAF]) }), 1007],
  ] as const)('%s', async (_name, bytes, code) => {
    const line = await enter(kind)
    line.write(bytes)
    expect(closeCodeIn(await ended(line))).toBe(code)
  })

  it('90 MiB frame header, slow body → C1009 at header, without memory growing', async () => {
    const line = await enter(kind)
    const before = siege.residentBytes()
    line.write(frame({ lengthSaid: 90 * 1024 * 1024 }))
    const drip = setInterval(() => line.write(Buffer.alloc(4096, 'x')), 2)
    const said = await ended(line).finally(() => clearInterval(drip))
    expect(closeCodeIn(said)).toBe(1009)
    expect(siege.residentBytes() - before).toBeLessThan(24 * 1024 * 1024)
  })

  it('a header within the bound whose body never comes holds one connection, and no memory', async () => {
    const most = kind === 'page' ? 64 * 1024 : 21 * 1024 * 1024
    const crowd = await Promise.all(Array.from({ length: 20 }, () => enter(kind)))
    const before = siege.residentBytes()
    for (const line of crowd) line.write(frame({ lengthSaid: most }).subarray(0, 14))
    await siege.expectUnharmed()
    expect(siege.residentBytes() - before).toBeLessThan(24 * 1024 * 1024)
    for (const line of crowd) expect(closeCodeIn(line.got())).toBeUndefined()
  })

  it('one byte more than the bound, in fragments → C1009', async () => {
    const line = await enter(kind)
    const most = kind === 'page' ? 64 * 1024 : 21 * 1024 * 1024
    line.write(frame({ fin: false, payload: Buffer.alloc(most - 10, ' ') }))
    line.write(frame({ opcode: 0, fin: true, payload: Buffer.alloc(11, ' ') }))
    expect(closeCodeIn(await ended(line, 20_000))).toBe(1009)
  })

  it('endless fragments → C1009 at the bound', async () => {
    const line = await enter(kind)
    line.write(frame({ fin: false, payload: Buffer.from('"') }))
    const piece = frame({ opcode: 0, fin: false, payload: Buffer.alloc(kind === 'page' ? 1000 : 60_000, 'a') })
    const pour = setInterval(() => { for (let n = 0; n < 20; n++) line.write(piece) }, 5)
    expect(closeCodeIn(await ended(line, 20_000).finally(() => clearInterval(pour)))).toBe(1009)
  })

  it('a hundred thousand empty fragments → answered or cut, and no one notices', async () => {
    const line = await enter(kind)
    line.write(frame({ fin: false }))
    const nothing = Buffer.concat(Array.from({ length: 1000 }, () => frame({ opcode: 0, fin: false })))
    for (let n = 0; n < 100; n++) line.write(nothing)
    await siege.expectUnharmed()
    line.write(frame({ opcode: 0, fin: true, payload: Buffer.from('{"type":"input_audio_buffer.clear"}') }))
    const said = await line.read({ until: 'input_audio_buffer.cleared', timeoutMs: 10_000 })
    expect(said.includes('input_audio_buffer.cleared') || closeCodeIn(said) !== undefined).toBe(true)
  })

  it('deflate offered → refused: not accepted, and a compressed frame is none', async () => {
    const offer = { 'Sec-WebSocket-Extensions': 'permessage-deflate; client_max_window_bits, x-webkit-deflate-frame' }
    const line = kind === 'page' ? await enter(kind) : await siege.program({ headers: offer })
    lines.push(line)
    expect(line.got().toString('latin1')).not.toMatch(/sec-websocket-extensions/i)
    line.write(frame({ rsv: 4, payload: Buffer.from([0xAA, 0x56, 0x4A, 0]) }))
    expect(closeCodeIn(await ended(line))).toBe(1002)
  })

  it.each([['pings', 9], ['pongs', 10]] as const)('flood of %s, 10,000 a second → C1008', async (_name, opcode) => {
    const line = await enter(kind)
    const before = await siege.metric('process_cpu_seconds_total')
    const burst = Buffer.concat(Array.from({ length: 100 }, () => frame({ opcode, payload: Buffer.from('x') })))
    const flood = setInterval(() => line.write(burst), 10)
    expect(closeCodeIn(await ended(line).finally(() => clearInterval(flood)))).toBe(1008)
    expect(await siege.metric('process_cpu_seconds_total') - before).toBeLessThan(1)
  })

  it('binary when text expected → `error` `invalid_event`, and the connection lives', async () => {
    const line = await enter(kind)
    line.write(frame({ opcode: 2, payload: Buffer.from('{"type":"input_audio_buffer.clear"}') }))
    expect((await line.read({ until: '"code":"invalid_event"', timeoutMs: 5000 })).includes('"code":"invalid_event"')).toBe(true)
    line.write(ask)
    await line.read({ until: 'input_audio_buffer.cleared' })
  })

  it('data after close → ignored: nothing of it reaches the model', async () => {
    const line = await enter(kind)
    const model = siege.upstream.connections.at(-1)!
    const heard = model.received.length
    line.write(Buffer.concat([frame({ opcode: 8, payload: Buffer.from([3, 232]) }), ask, ask]))
    expect(closeCodeIn(await ended(line))).toBe(1000)
    await expect.poll(() => model.closed).toBeDefined()
    expect(model.received).toHaveLength(heard)
  })

  it.each([
    ['breaks the rules', frame({ rsv: 4 }), 1002],
    ['says goodbye', frame({ opcode: 8, payload: Buffer.from([3, 232]) }), 1000],
    ['promises too much', frame({ lengthSaid: 90 * 1024 * 1024 }), 1009],
  ] as const)('who %s and then never hangs up is cut off, and its call ends all the same', async (_name, bytes, code) => {
    const line = await enter(kind, true)
    const model = siege.upstream.connections.at(-1)!
    line.write(bytes)
    const startedAt = performance.now()
    await expect.poll(() => model.closed, { timeout: 8000 }).toBeDefined()
    expect(performance.now() - startedAt).toBeLessThan(6000)
    expect(closeCodeIn(line.got())).toBe(code)
    await expect.poll(() => siege.metric('kaiwa_connections'), { timeout: 5000 }).toBe(1)
  })

  it.each([1, 2, 5, 8, 40])('%i bytes of a frame, then gone: the call ends', async bytes => {
    const line = await enter(kind)
    const model = siege.upstream.connections.at(-1)!
    line.write(frame({ payload: Buffer.alloc(200, 'x') }).subarray(0, bytes))
    await siege.expectUnharmed()
    line.socket.resetAndDestroy()
    await expect.poll(() => model.closed).toBeDefined()
  })
})

it('64 KiB + 1 from a page → C1009 without buffering it; 64 KiB are taken', async () => {
  const line = await enter('page')
  line.write(frame({ payload: Buffer.from(`{"type":"input_audio_buffer.clear"${' '.repeat(65_536 - 35)}}`) }))
  await line.read({ until: 'input_audio_buffer.cleared' })
  line.write(frame({ lengthSaid: 65_537 }))
  expect(closeCodeIn(await ended(line))).toBe(1009)
})
