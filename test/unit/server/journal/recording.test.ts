import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { afterEach, describe, expect, it } from 'vitest'
import { createAudioFolder, type AudioDisk } from '../../../../server/journal/audio-folder.ts'
import type { AudioKeeper } from '../../../../server/journal/audio-keeper.ts'
import { audioIn } from '../../../../server/journal/audio-message.ts'
import { createCallRecorder, type Stretch } from '../../../../server/journal/call-recorder.ts'
import { AudioFlow } from '../../../../server/relay/audio-flow.ts'
import { createInputClock } from '../../../../server/journal/input-clock.ts'
import { createS3AudioKeeper } from '../../../../server/journal/s3-audio-keeper.ts'
import { msOfBytes, pcm24k, sessionAfter, unknownSession } from '../../../../server/journal/voice-format.ts'
import { silentLog } from '../../../../server/log.ts'
import { serverClock } from '../../../../server/realtime/clock.ts'
import { startBucketServer } from '../../../fakes/bucket-server.ts'

const closing: (() => unknown)[] = []
afterEach(async () => { for (const close of closing.splice(0).reverse()) await close() })

function folder(disk?: AudioDisk) {
  const dir = mkdtempSync(join(tmpdir(), 'kaiwa-audio-'))
  closing.push(() => rmSync(dir, { recursive: true, force: true }))
  return { dir, keeper: createAudioFolder({ dir, log: silentLog, ...(disk && { disk }) }) }
}

/** A call whose voices are recorded. */
function recording(keeper: AudioKeeper, session: object = {}) {
  const flow = new AudioFlow()
  const input = createInputClock(0)
  input.follow(flow)
  const stretches: Stretch[] = []
  const stopped: string[] = []
  const recorder = createCallRecorder({ keeper, conversationId: 'conv_1', callId: 'call_1', input, onStretch: stretch => stretches.push(stretch), onStopped: why => stopped.push(why) })
  const facts = sessionAfter(unknownSession, { type: 'session.updated', session })
  recorder.session(facts)
  input.speaks(facts.input)
  return {
    recorder, stretches, stopped,
    says(bytes: Buffer, nowMs: number) {
      const text = Buffer.from(JSON.stringify({ type: 'input_audio_buffer.append', audio: bytes.toString('base64') }))
      flow.append(bytes.length, text.length, nowMs)
      recorder.said(text, audioIn(text, 'audio')!)
    },
    answers(itemId: string, bytes: Buffer, fromMs: number) {
      const text = JSON.stringify({ type: 'response.output_audio.delta', item_id: itemId, delta: bytes.toString('base64') })
      recorder.answered(itemId, text, audioIn(text, 'delta')!, fromMs)
    },
  }
}

function noise(bytes: number, seed: number): Buffer {
  const made = Buffer.allocUnsafe(bytes)
  for (let at = 0; at < bytes; at++) made[at] = at * 31 + seed * 7
  return made
}
async function bytesOf(stream: Readable) {
  const pieces: Buffer[] = []
  for await (const piece of stream) pieces.push(piece as Buffer)
  return Buffer.concat(pieces)
}

describe('both voices', () => {
  it('are kept sample for sample, each at its place in the call', async () => {
    const { keeper } = folder()
    const one = recording(keeper)
    const said = Array.from({ length: 40 }, (_, at) => noise(4800, at))
    said.forEach((bytes, at) => one.says(bytes, 100 * (at + 1)))
    const spoken = Array.from({ length: 12 }, (_, at) => noise(9601 + at, at))
    for (const bytes of spoken) one.answers('item_2', bytes, 4200)
    one.recorder.end()
    await expect.poll(() => one.stretches.length).toBe(2)
    const user = one.stretches.find(({ speaker }) => speaker === 'user')!
    const assistant = one.stretches.find(({ speaker }) => speaker === 'assistant')!
    expect(user).toMatchObject({ itemId: null, sampleRate: 24_000, span: { fromMs: 0, toMs: 4000 }, bytes: 192_000 })
    expect(assistant).toMatchObject({ itemId: 'item_2', span: { fromMs: 4200 } })
    expect(await bytesOf(await keeper.read(user.key))).toEqual(Buffer.concat(said))
    expect(await bytesOf(await keeper.read(assistant.key))).toEqual(Buffer.concat(spoken))
    expect(await bytesOf(await keeper.read(user.key, { fromByte: 4800, toByte: 4899 }))).toEqual(said[1]!.subarray(0, 100))
  })

  it('a pause of the talker\'s begins a new stretch, where it was; a long one is cut at half a minute', async () => {
    const { keeper } = folder()
    const one = recording(keeper)
    for (let at = 1; at <= 10; at++) one.says(noise(4800, at), 100 * at)
    for (let at = 1; at <= 350; at++) one.says(noise(4800, at), 61_000 + 100 * at)
    one.recorder.end()
    await expect.poll(() => one.stretches.length).toBe(3)
    const spans = one.stretches.map(({ span }) => span).sort((a, b) => a.fromMs - b.fromMs)
    expect(spans).toEqual([{ fromMs: 0, toMs: 1000 }, { fromMs: 61_000, toMs: 91_000 }, { fromMs: 91_000, toMs: 96_000 }])
  })

  it('what was said while the line was being made stands before the call\'s beginning', async () => {
    const { keeper } = folder()
    const one = recording(keeper)
    for (let at = 0; at < 30; at++) one.says(noise(4800, at), 50)
    for (let at = 1; at <= 10; at++) one.says(noise(4800, at), 50 + 100 * at)
    one.recorder.end()
    await expect.poll(() => one.stretches.length).toBe(1)
    expect(one.stretches[0]!.span).toEqual({ fromMs: -2950, toMs: 1050 })
  })

  it('of a telephone are kept as they are, with their rate', async () => {
    const { keeper } = folder()
    const one = recording(keeper, { audio: { input: { format: { type: 'audio/pcmu' } }, output: { format: { type: 'audio/pcma' } } } })
    one.says(noise(800, 1), 100)
    one.answers('item_2', noise(1600, 2), 200)
    one.recorder.end()
    await expect.poll(() => one.stretches.length).toBe(2)
    expect(one.stretches.map(({ key, sampleRate, span }) => [key.split('.')[1], sampleRate, span.toMs - span.fromMs]).sort()).toEqual([['alaw', 8000, 200], ['ulaw', 8000, 100]])
  })

  it('of a call in which nothing was said leave nothing', async () => {
    const { keeper, dir } = folder()
    const one = recording(keeper)
    for (let at = 1; at <= 40; at++) one.says(noise(4800, at), 100 * at)
    one.recorder.discard()
    await keeper.close(1000)
    await expect.poll(() => existsSync(join(dir, 'conv_1/call_1'))).toBe(false)
    expect(one.stretches).toEqual([])
  })
})

describe('a disk', () => {
  it.each(['ENOSPC', 'EIO'])('%s: the recording stops once, and what was whole is kept', async code => {
    let left = 100_000
    const written: Buffer[] = []
    const { keeper } = folder({
      async create() {
        return {
          async write(bytes: Buffer, from: number) {
            if (left < bytes.length) throw Object.assign(new Error(code), { code })
            left -= bytes.length
            written.push(bytes.subarray(from))
            return { bytesWritten: bytes.length - from, buffer: bytes }
          },
          async close() {},
        } as never
      },
      async finish() {},
    })
    const one = recording(keeper)
    for (let at = 1; at <= 100; at++) one.says(noise(4800, at), 100 * at)
    one.answers('item_2', noise(9600, 1), 200)
    await expect.poll(() => one.stopped).toEqual([code])
    one.says(noise(4800, 1), 10_100)
    one.recorder.end()
    await expect.poll(() => one.stretches.some(({ speaker }) => speaker === 'user')).toBe(true)
    expect(one.stretches.find(({ speaker }) => speaker === 'user')!.bytes).toBeLessThanOrEqual(100_000)
  })

  it('that is too slow ends the recording before it fills the memory', async () => {
    const { keeper } = folder({ create: () => new Promise(() => undefined), finish: async () => undefined })
    const one = recording(keeper)
    for (let at = 1; at <= 2000; at++) one.answers('item_2', noise(4800, at), 0)
    expect(one.stopped).toEqual(['the disk is too slow'])
  })
})

describe('the keeper', () => {
  it('reads and deletes nothing that a key of another kind names', async () => {
    const { keeper, dir } = folder()
    writeFileSync(join(dir, 'secret'), 'x')
    for (const key of ['../secret', 'secret', '/etc/passwd', 'a/b/user-1.pcm/../../../secret', 'a/../user-1.pcm']) {
      await expect(keeper.read(key)).rejects.toMatchObject({ code: 'missing' })
      await keeper.delete([key])
    }
    await keeper.forget('..')
    expect(readFileSync(join(dir, 'secret'), 'utf8')).toBe('x')
  })

  it('says that a recording is gone, or can\'t be read', async () => {
    const { keeper, dir } = folder()
    await expect(keeper.read('conv_1/call_1/user-00001.pcm')).rejects.toMatchObject({ code: 'missing' })
    mkdirSync(join(dir, 'conv_1/call_1/user-00001.pcm'), { recursive: true })
    await expect(bytesOf(await keeper.read('conv_1/call_1/user-00001.pcm'))).rejects.toThrow()
  })

  it('removes at the start what a crash left half-written, and all of a conversation when it is deleted', async () => {
    const { keeper, dir } = folder()
    mkdirSync(join(dir, 'conv_1/call_1'), { recursive: true })
    writeFileSync(join(dir, 'conv_1/call_1/user-00001.pcm.part'), 'half')
    writeFileSync(join(dir, 'conv_1/call_1/user-00002.pcm'), 'whole')
    keeper.start()
    await expect.poll(() => existsSync(join(dir, 'conv_1/call_1/user-00001.pcm.part'))).toBe(false)
    expect(existsSync(join(dir, 'conv_1/call_1/user-00002.pcm'))).toBe(true)
    await keeper.forget('conv_1')
    expect(existsSync(join(dir, 'conv_1'))).toBe(false)
  })
})

describe('a bucket', () => {
  async function bucket() {
    process.env.AWS_ACCESS_KEY_ID = 'test'
    process.env.AWS_SECRET_ACCESS_KEY = 'test'
    closing.push(() => { delete process.env.AWS_ACCESS_KEY_ID; delete process.env.AWS_SECRET_ACCESS_KEY })
    const server = await startBucketServer('voices')
    closing.push(server.close)
    const { keeper: local, dir } = folder()
    const keeper = createS3AudioKeeper({ folder: local, settings: { bucket: 'voices', endpoint: new URL(server.address), region: 'us-east-1' }, log: silentLog, clock: serverClock })
    closing.push(() => keeper.close(100))
    return { server, keeper, dir }
  }

  it('gets a call\'s voices when it is over, in parts where they are long; reads them with a range; deletes them', async () => {
    const { server, keeper, dir } = await bucket()
    const one = recording(keeper)
    const long = noise(11 * 1024 * 1024, 3)
    for (let at = 0; at < long.length; at += 48_000) {
      one.answers('item_2', long.subarray(at, at + 48_000), 200)
      // No faster than the disk takes it.
      if (at % 480_000 === 0) await new Promise(resolve => setTimeout(resolve, 5))
    }
    one.says(noise(4800, 1), 100)
    one.recorder.end()
    expect(one.stopped).toEqual([])
    await expect.poll(() => server.objects.size, { timeout: 10_000 }).toBe(2)
    expect(server.parts).toBe(3)
    const { key } = one.stretches.find(({ speaker }) => speaker === 'assistant')!
    await expect.poll(() => existsSync(join(dir, key))).toBe(false)
    expect((await bytesOf(await keeper.read(key))).equals(long)).toBe(true)
    expect(await bytesOf(await keeper.read(key, { fromByte: 1000, toByte: 1999 }))).toEqual(long.subarray(1000, 2000))
    await keeper.forget('conv_1')
    expect(server.objects.size).toBe(0)
    await expect(keeper.read(key)).rejects.toMatchObject({ code: 'missing' })
  })

  it('that refuses loses nothing: the voices stay here, are read from here, and are moved at the next start', async () => {
    const { server, keeper, dir } = await bucket()
    server.failWith = 403
    const one = recording(keeper)
    const said = noise(9600, 1)
    one.says(said, 200)
    one.recorder.end()
    await expect.poll(() => one.stretches.length).toBe(1)
    const { key } = one.stretches[0]!
    expect(await bytesOf(await keeper.read(key))).toEqual(said)
    server.failWith = undefined
    keeper.start()
    await expect.poll(() => server.objects.get(key)?.equals(said), { timeout: 5000 }).toBe(true)
    await expect.poll(() => existsSync(join(dir, key))).toBe(false)
  })
})

it('knows how long samples are', () => { expect(msOfBytes(48_000, pcm24k)).toBe(1000) })
