import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { openSpool, type Spool, type SpoolOptions, type SpoolTrouble } from '../../../../server/journal/spool.ts'
import { toLine } from '../../../../server/journal/spool-line.ts'
import type { JournalEntry } from '../../../../server/store/journal-entry.ts'
import { createManualClock } from '../../../fakes/manual-clock.ts'
import { createMemoryFiles, type MemoryFiles } from '../../../fakes/memory-files.ts'
import { itemEntry } from './entries.ts'

function open(options: Partial<SpoolOptions> & { files?: MemoryFiles } = {}) {
  const files = options.files ?? createMemoryFiles()
  const clock = createManualClock()
  const troubles: SpoolTrouble[] = []
  const spool = openSpool({ setTimer: clock.setTimer, onTrouble: trouble => troubles.push(trouble), ...options, files })
  return { spool, files, clock, troubles }
}

const line = (n: number, text = `words ${n}`) => toLine(itemEntry('call_1', n, text))
const onDisk = (files: MemoryFiles) => [...files.files.values()].map(bytes => bytes.toString()).join('')

async function drainAll(spool: Spool, maxEntries = 256, maxBytes = 512 * 1024) {
  const seen: JournalEntry[] = []
  for (let batch = await spool.next(maxEntries, maxBytes); batch; batch = await spool.next(maxEntries, maxBytes)) {
    seen.push(...batch.entries)
    spool.drained(batch)
  }
  return seen
}
const numbers = (entries: JournalEntry[]) => entries.map(({ seq }) => seq)

describe('what is appended', () => {
  it('is in the file when a final entry was appended, and all that was gathered before it, by one write', () => {
    const { spool, files } = open()
    spool.append([line(1)], false)
    expect(onDisk(files)).toBe('')
    spool.append([line(2), line(3)], true)
    expect(onDisk(files)).toBe(`${line(1)}\n${line(2)}\n${line(3)}\n`)
    expect(files.writes).toBe(1)
  })

  it('is in the file after a moment when nothing final comes', async () => {
    const { spool, files, clock } = open()
    spool.append([line(1)], false)
    await clock.advance(100)
    expect(onDisk(files)).toBe(`${line(1)}\n`)
  })

  it('comes out in order, over any number of files, and leaves none of them', async () => {
    const talk = fc.array(fc.record({ chars: fc.nat(400), final: fc.boolean() }), { maxLength: 60 })
    await fc.assert(fc.asyncProperty(talk, fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 900 }), async (said, entries, bytes) => {
      const { spool, files } = open({ maxSegmentBytes: 700 })
      said.forEach(({ chars, final }, at) => spool.append([line(at + 1, 'あ'.repeat(chars))], final))
      spool.flush()
      expect(numbers(await drainAll(spool, entries, bytes))).toEqual(said.map((_, at) => at + 1))
      expect(spool.reading).toMatchObject({ waitingBytes: 0, waitingEntries: 0, brokenLines: 0 })
      spool.retire()
      expect(files.files.size).toBe(0)
    }), { numRuns: 60 })
  })
})

describe('after a crash', () => {
  it('everything whole is there, in order, and a line that was cut off is passed over and counted', async () => {
    for (let cut = 1; cut < line(3).length; cut += 7) {
      const files = createMemoryFiles()
      const before = open({ files }).spool
      for (const n of [1, 2, 3]) before.append([line(n)], true)
      files.cutOff(cut + 1)
      const { spool } = open({ files })
      expect(numbers(await drainAll(spool))).toEqual([1, 2])
      expect(spool.reading.brokenLines).toBe(1)
    }
  })

  it('a line that lacks only its end is whole', async () => {
    const files = createMemoryFiles()
    open({ files }).spool.append([line(1)], true)
    files.cutOff(1)
    expect(numbers(await drainAll(open({ files }).spool))).toEqual([1])
  })

  it('nothing is appended to what was left, and what was left comes first', async () => {
    const files = createMemoryFiles()
    open({ files }).spool.append([line(1)], true)
    const { spool } = open({ files })
    spool.append([line(2)], true)
    expect(files.files.size).toBe(2)
    expect(numbers(await drainAll(spool))).toEqual([1, 2])
  })

  it('damage in the middle costs the lines it hit and no other', async () => {
    await fc.assert(fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 40 }), fc.nat(1200), async (damage, at) => {
      const files = createMemoryFiles()
      const before = open({ files }).spool
      for (let n = 1; n <= 8; n++) before.append([line(n)], true)
      const bytes = [...files.files.values()][0]!
      const from = at % bytes.length
      const whole = bytes.toString().split('\n').slice(0, -1)
      bytes.set(damage.subarray(0, bytes.length - from), from)
      const found = numbers(await drainAll(open({ files }).spool))
      const hit = (index: number) => {
        const begin = Buffer.byteLength(whole.slice(0, index).map(each => `${each}\n`).join(''))
        return begin + Buffer.byteLength(whole[index]!) >= from && begin - 1 < from + damage.length
      }
      for (let n = 1; n <= 8; n++) if (!hit(n - 1)) expect(found).toContain(n)
    }), { numRuns: 200 })
  })

  it('a file that is shorter than it was, or gone, stops nobody', async () => {
    const files = createMemoryFiles()
    const { spool } = open({ files, maxSegmentBytes: 10 })
    for (const n of [1, 2, 3]) spool.append([line(n)], true)
    files.remove([...files.files.keys()][1]!)
    expect(numbers(await drainAll(spool))).toEqual([1, 3])
  })

  it('something else in the folder is left alone', async () => {
    const files = createMemoryFiles()
    files.write(files.create('set-aside.jsonl'), Buffer.from('{}\n'))
    const { spool } = open({ files })
    expect(await drainAll(spool)).toEqual([])
    expect(files.files.size).toBe(1)
  })
})

describe('a full disk', () => {
  it('leaves no half line, takes no new calls, and loses nothing of what fits in memory until there is room', async () => {
    const { spool, files, clock, troubles } = open()
    spool.append([line(1)], true)
    files.freeBytes = 20
    spool.append([line(2)], true)
    spool.append([line(3)], true)
    expect(onDisk(files)).toBe(`${line(1)}\n`)
    expect(spool.full).toBe(true)
    expect(troubles).toEqual([{ what: 'not_written', why: 'ENOSPC' }])
    files.freeBytes = Infinity
    await clock.advance(1000)
    expect(spool.full).toBe(false)
    expect(numbers(await drainAll(spool))).toEqual([1, 2, 3])
    expect(troubles.at(-1)).toEqual({ what: 'written_again', lostEntries: 0 })
  })

  it('an input/output error is the same, and half a line that can\'t be taken back is passed over', async () => {
    const files = createMemoryFiles()
    const { spool, clock } = open({ files })
    spool.append([line(1)], true)
    files.freeBytes = 20
    const truncate = files.truncate
    files.truncate = () => { throw Object.assign(new Error('EIO'), { code: 'EIO' }) }
    spool.append([line(2)], true)
    files.truncate = truncate
    files.freeBytes = Infinity
    await clock.advance(1000)
    spool.append([line(3)], true)
    const after = open({ files }).spool
    expect(numbers(await drainAll(after))).toEqual([1, 2, 3])
    expect(after.reading.brokenLines).toBe(1)
  })

  it('keeps 4 MB in memory, and counts what it loses beyond', () => {
    const { spool, files } = open()
    files.broken = 'EIO'
    for (let n = 1; n <= 50; n++) spool.append([line(n, 'x'.repeat(100_000))], true)
    expect(spool.reading.lostEntries).toBeGreaterThan(5)
    expect(spool.reading.waitingEntries + spool.reading.lostEntries).toBe(50)
  })
})

describe('a store that is away for long', () => {
  it('first stops new calls and what isn\'t final, then loses the rest, and says so', async () => {
    const { spool, troubles } = open({ maxWaitingBytes: 10_000 })
    let n = 0
    while (!spool.full) spool.append([line(++n, 'x'.repeat(900))], true)
    spool.append([line(++n)], false)
    expect(spool.reading.lostEntries).toBe(1)
    spool.append([line(++n)], true)
    expect(spool.reading.lostEntries).toBe(1)
    for (let more = 0; more < 20; more++) spool.append([line(++n, 'x'.repeat(900))], true)
    expect(spool.reading.waitingBytes).toBeLessThan(14_000)
    expect(spool.reading.lostEntries).toBeGreaterThan(10)
    expect(troubles.map(({ what }) => what)).toEqual(['full'])
    await drainAll(spool)
    expect(spool.full).toBe(false)
    expect(troubles.at(-1)?.what).toBe('room_again')
  })
})
