import fc from 'fast-check'
import * as ws from 'ws'
import { describe, expect, it } from 'vitest'
import { createFrameReader, encodeFrame, Opcode } from '../../../bench/relay/framing.ts'
import { readStamp, writeStamp } from '../../../bench/relay/stamp.ts'
import { APPEND_STAMP_AT, appendBytes, appendFrame, DELTA_BYTES, DELTA_STAMP_AT, deltaFrame } from '../../../bench/relay/workload.ts'

/** There, but not in its types. */
const { Receiver, Sender } = ws as unknown as {
  Receiver: new (options: object) => NodeJS.WritableStream
  Sender: { frame(data: Buffer, options: object): Buffer[] }
}

/** What `ws` makes of these bytes. */
function receivedByWs(bytes: Buffer, isServer: boolean): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const receiver = new Receiver({ isServer, maxPayload: 0, skipUTF8Validation: false })
    receiver.on('message', (data: Buffer) => resolve(data))
    receiver.on('error', reject)
    receiver.write(bytes)
  })
}

const anyFrames = fc.array(fc.tuple(fc.integer({ min: 0, max: 70_000 }), fc.boolean()), { maxLength: 5 })
const anyCuts = fc.array(fc.integer({ min: 1, max: 9000 }), { minLength: 1 })

describe('the frames of the bench', () => {
  it('are what ws reads, of every length of header, masked and not', async () => {
    for (const length of [0, 125, 126, 65_535, 65_536]) {
      const text = 'é'.repeat(length / 2)
      expect((await receivedByWs(encodeFrame(Opcode.text, text, true), true)).toString()).toBe(text)
      expect((await receivedByWs(encodeFrame(Opcode.text, text, false), false)).toString()).toBe(text)
    }
  })

  it('are read however they are cut, as ws writes them', () => {
    fc.assert(fc.property(anyFrames, anyCuts, (frames, cuts) => {
      const bytes = Buffer.concat(frames.flatMap(([length, mask]) => Sender.frame(Buffer.alloc(length, 'abcdefg'), { fin: true, rsv1: false, opcode: 1, mask, readOnly: true })))
      const seen: [string, number][] = []
      const read = createFrameReader(16, { message: (head, length) => void seen.push([head.toString('latin1', 0, 16), length]), control: () => { throw new Error('no control frame was sent') } })
      for (let at = 0, n = 0; at < bytes.length; n++) {
        const end = at + cuts[n % cuts.length]!
        read(bytes.subarray(at, end))
        at = end
      }
      expect(seen).toEqual(frames.map(([length]) => ['abcdefgabcdefgab'.slice(0, length), length]))
    }))
  })

  it('tell control frames with their payload', () => {
    const seen: unknown[] = []
    createFrameReader(4, { message: () => undefined, control: (opcode, payload) => void seen.push([opcode, payload.toString()]) })(encodeFrame(Opcode.ping, 'are you there?', true))
    expect(seen).toEqual([[Opcode.ping, 'are you there?']])
  })
})

describe('times in the sound', () => {
  it('come back as they were written, and are base64 all the time', () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 2 ** 53 }), micros => {
      const bytes = Buffer.alloc(12, 'A')
      writeStamp(bytes, 3, micros)
      expect(readStamp(bytes, 3)).toBe(micros)
      expect(Buffer.from(bytes.toString(), 'base64').toString('base64')).toBe(bytes.toString())
    }))
  })

  it.each([20, 100])('ride in an append of %i ms, which stays JSON', async frameMs => {
    const frame = appendFrame(frameMs)
    frame.stamped(1)
    const text = await receivedByWs(frame.stamped(1_234_567_890_123), true)
    expect(text.length).toBe(appendBytes(frameMs))
    expect(readStamp(text, APPEND_STAMP_AT)).toBe(1_234_567_890_123)
    expect(Buffer.from((JSON.parse(text.toString()) as { audio: string }).audio, 'base64').length).toBe(frameMs * 48)
  })

  it('ride in an audio delta, whose ids are its own', async () => {
    const text = await receivedByWs(deltaFrame().of(7, 42).stamped(99), false)
    expect(text.length).toBe(DELTA_BYTES)
    expect(readStamp(text, DELTA_STAMP_AT)).toBe(99)
    expect(JSON.parse(text.toString())).toMatchObject({ type: 'response.output_audio.delta', event_id: 'event_000000000000000000007', response_id: 'resp_000000000000000000042' })
  })

  it('leave a frame that is still being written as it is', async () => {
    const frame = appendFrame(20)
    const first = frame.stamped(5)
    frame.keep()
    frame.stamped(6)
    expect(readStamp(await receivedByWs(Buffer.from(first), true), APPEND_STAMP_AT)).toBe(5)
  })
})
