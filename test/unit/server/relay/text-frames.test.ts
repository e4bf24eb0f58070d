import { Duplex, type Writable } from 'node:stream'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as ws from 'ws'
import { writeText } from '../../../../server/relay/text-frames.ts'

/** Exported, and not among the types. */
const { Receiver } = ws as unknown as { Receiver: new (options: object) => Writable }

/** A connection whose other side reads when the test says so: what was written and not taken waits, as it is, in memory. */
function line() {
  let waiting: { chunk: Buffer, taken: () => void }[] = []
  const wire: Buffer[] = []
  let reads = true
  const take = ({ chunk, taken }: { chunk: Buffer, taken: () => void }) => {
    wire.push(Buffer.from(chunk))
    taken()
  }
  const duplex = new Duplex({
    read() {},
    write(chunk: Buffer, _, taken) {
      if (reads) take({ chunk, taken })
      else waiting.push({ chunk, taken })
    },
  })
  return {
    duplex,
    stall() { reads = false },
    /** All that waits arrives. */
    read() {
      reads = true
      for (let batch = waiting; batch.length > 0; batch = waiting) {
        waiting = []
        for (const each of batch) take(each)
      }
    },
    wire,
  }
}

/** What a WebSocket server (of masked frames) or client understands. */
function heard(wire: readonly Buffer[], isServer: boolean): string[] {
  const texts: string[] = []
  const receiver = new Receiver({ isServer, allowSynchronousEvents: true })
  receiver.on('message', (data: Buffer, isBinary: boolean) => texts.push(isBinary ? 'binary' : data.toString()))
  for (const chunk of wire) receiver.write(chunk)
  return texts
}

const lengths = [0, 1, 125, 126, 127, 65_521, 65_535, 65_536, 70_000]

describe.each([{ masked: false }, { masked: true }])('a text written as one frame, masked: $masked', ({ masked }) => {
  it.each(lengths)('is read by ws as it was: %i bytes, text or buffer', bytes => {
    const { duplex, wire } = line()
    const text = 'x'.repeat(Math.max(0, bytes - 2)) + 'ü'.repeat(bytes >= 2 ? 1 : 0) + 'y'.repeat(bytes === 1 ? 1 : 0)
    writeText(duplex, text, masked)
    writeText(duplex, Buffer.from(text), masked)
    expect(wire).toHaveLength(2)
    expect(heard(wire, masked)).toEqual([text, text])
  })

  it('stays what it was while its reader is stuck and others are written to', () => {
    fc.assert(fc.property(fc.array(fc.record({ to: fc.nat(2), bytes: fc.nat(30_000), is: fc.constantFrom('text', 'stall', 'read') }), { maxLength: 60 }), steps => {
      const lines = [line(), line(), line()]
      const sent: string[][] = [[], [], []]
      for (const [n, { to, bytes, is }] of steps.entries()) {
        if (is === 'stall') lines[to]!.stall()
        else if (is === 'read') lines[to]!.read()
        else {
          const text = String(n % 10).repeat(bytes)
          sent[to]!.push(text)
          writeText(lines[to]!.duplex, n % 2 ? text : Buffer.from(text), masked)
        }
      }
      for (const each of lines) each.read()
      expect(lines.map(each => heard(each.wire, masked))).toEqual(sent)
    }), { numRuns: 60 })
  })

  it('leaves the message alone, which may be written elsewhere as well', () => {
    const message = Buffer.from('{"type":"response.create"}')
    writeText(line().duplex, message, masked)
    expect(message.toString()).toBe('{"type":"response.create"}')
  })
})

describe('a masked frame', () => {
  it('has a key of its own each time', () => {
    const { duplex, wire } = line()
    for (let n = 0; n < 5000; n++) writeText(duplex, 'x', true)
    const keys = new Set(wire.map(frame => frame.readUInt32BE(2)))
    expect(keys.size).toBeGreaterThan(4900)
  })
})
