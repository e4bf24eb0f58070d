import { Duplex } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { createTicker, TICK_MS } from '../../../../server/relay/ticker.ts'
import { defaultHeartbeat, linkOfLine } from '../../../../server/relay/websocket-link.ts'
import { createManualClock } from '../../../fakes/manual-clock.ts'
import { frame } from '../../../fakes/raw-line.ts'

const TEXT = 1, CLOSE = 8, PING = 9, PONG = 10

/** A connection whose other side, a client, says and reads what the test wants. */
class FakeLine extends Duplex {
  reads = true
  /** First bytes of the frames that were written. */
  written: { opcode: number, payload: Buffer }[] = []
  override _read() {}
  override _write(bytes: Buffer, _: string, taken: () => void) {
    this.written.push({ opcode: bytes[0]! & 15, payload: Buffer.from(bytes.subarray(2)) })
    // Never called: whoever is written to doesn't read any more.
    if (this.reads) taken()
  }

  says(opcode: number, payload: Buffer = Buffer.alloc(0)) { this.push(frame({ opcode, payload })) }
  get pings() { return this.written.filter(({ opcode }) => opcode === PING).length }
  get closedWith() { return this.written.find(({ opcode }) => opcode === CLOSE)?.payload.readUInt16BE(0) }
}
/** What was pushed is heard in a later turn of the loop. */
const heardAll = () => new Promise(resolve => setImmediate(resolve))

/** Time that can pass without a timer being served, as in a process that is blocked. */
function lateClock() {
  const clock = createManualClock()
  let lateMs = 0
  return {
    setTimer: clock.setTimer,
    get pendingTimers() { return clock.pendingTimers },
    nowMs: () => clock.nowMs() + lateMs,
    advance: clock.advance,
    async block(ms: number) {
      lateMs += ms
      await clock.advance(TICK_MS)
    },
  }
}

function line() {
  const clock = lateClock()
  const ticker = createTicker(clock)
  const socket = new FakeLine()
  const link = linkOfLine({ line: socket, head: Buffer.alloc(0), dialled: false, maxBytes: 1000 }, defaultHeartbeat, ticker)
  const heard: (string | number)[] = []
  link.listen({ message: text => heard.push(text.toString()), binary: () => heard.push('binary'), socketDrained() {}, closed: code => heard.push(code) })
  return { clock, ticker, socket, link, heard }
}

describe('a line on which nothing is heard', () => {
  it('is asked after 4 s, and given up before 8 are over', async () => {
    const { clock, socket, heard } = line()
    await clock.advance(3900)
    expect(socket.pings).toBe(0)
    await clock.advance(200)
    expect(socket.pings).toBe(1)
    await clock.advance(3600)
    expect(heard).toEqual([])
    await clock.advance(300)
    await heardAll()
    expect(heard).toEqual([1006])
    expect(clock.pendingTimers).toBe(0)
  })

  it.each([['pong', PONG], ['ping', PING], ['message', TEXT]])('lives on with any sign of life: %s', async (_, sign) => {
    const { clock, socket, heard } = line()
    for (let n = 0; n < 20; n++) {
      await clock.advance(7500)
      socket.says(sign, Buffer.from('{}'))
      await heardAll()
    }
    expect(socket.destroyed).toBe(false)
    expect(heard).not.toContain(1006)
  })

  it('isn\'t blamed for a time in which this process slept', async () => {
    const { clock, ticker, socket, heard } = line()
    await clock.advance(5000)
    expect(socket.pings).toBe(1)
    // Blocked for a minute: the pong waits unread, and all the ticks that were missed come as one.
    const before = ticker.count
    await clock.block(60_000)
    expect(ticker.count).toBe(before + 1)
    socket.says(PONG)
    await heardAll()
    await clock.advance(5000)
    await heardAll()
    expect(heard).toEqual([])
  })

  it('is left alone while we don\'t read it: what it says waits unheard', async () => {
    const { clock, socket, link, heard } = line()
    link.pause()
    await clock.advance(60_000)
    expect(socket.pings).toBe(0)
    expect(heard).toEqual([])
  })
})

it('a flood of pings or pongs is closed 1008; the same number over minutes isn\'t', async () => {
  const patient = line()
  for (let n = 0; n < 400; n++) {
    patient.socket.says(PING)
    await heardAll()
    await patient.clock.advance(TICK_MS)
  }
  expect(patient.socket.closedWith).toBeUndefined()
  const { socket } = line()
  for (let n = 0; n < 101; n++) socket.says(n % 2 ? PING : PONG)
  await heardAll()
  expect(socket.closedWith).toBe(1008)
})

it('a flood of pieces with nothing in them is closed 1008: they keep somebody busy, as pings do', async () => {
  const { socket } = line()
  socket.push(frame({ opcode: TEXT, fin: false, payload: Buffer.from('{') }))
  for (let n = 0; n < 101; n++) socket.push(frame({ opcode: 0, fin: false }))
  await heardAll()
  expect(socket.closedWith).toBe(1008)
})

it('what comes after a close is not heard', async () => {
  const { socket, link, heard } = line()
  link.close(1000, 'completed')
  socket.says(TEXT, Buffer.from('{}'))
  await heardAll()
  expect(heard).toEqual([])
  socket.says(CLOSE, Buffer.from([3, 232]))
  await heardAll()
  socket.push(null)
  await expect.poll(() => heard).toEqual([1000])
})

it('a side that stopped reading, and says nothing, is told why before it is cut', async () => {
  const { clock, socket, link } = line()
  let stuck = 0
  link.listen({ message() {}, binary() {}, socketDrained() {}, stuck: () => { stuck++ }, closed() {} })
  socket.reads = false
  link.send('{}')
  await clock.advance(8000)
  expect(stuck).toBe(1)
  expect(socket.destroyed).toBe(false)
})

it('who doesn\'t read gets no pongs on top of what waits', async () => {
  const { socket, link } = line()
  socket.reads = false
  link.send('x'.repeat(70_000))
  const before = socket.writableLength
  for (let n = 0; n < 50; n++) socket.says(PING)
  await heardAll()
  expect(socket.writableLength).toBe(before)
})
