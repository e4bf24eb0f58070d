import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { createDrain } from '../../../../server/journal/drain.ts'
import { createSetAside } from '../../../../server/journal/set-aside.ts'
import { openSpool } from '../../../../server/journal/spool.ts'
import { toLine } from '../../../../server/journal/spool-line.ts'
import { createLog } from '../../../../server/log.ts'
import { StoreError, type StoreTrouble } from '../../../../server/store/store.ts'
import type { JournalEntry } from '../../../../server/store/journal-entry.ts'
import { createManualClock } from '../../../fakes/manual-clock.ts'
import { createMemoryFiles } from '../../../fakes/memory-files.ts'
import { createMemoryStore } from '../../../fakes/memory-store.ts'
import { callBegan, itemEntry } from './entries.ts'

const dirs: string[] = []
afterEach(() => { for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true, force: true }) })

function begin({ files = createMemoryFiles(), store = createMemoryStore() } = {}) {
  const dir = mkdtempSync(join(tmpdir(), 'kaiwa-drain-'))
  dirs.push(dir)
  const clock = createManualClock()
  let lines = ''
  const log = createLog({ level: 'debug', secrets: [], write: text => { lines += text } })
  const spool = openSpool({ files, setTimer: clock.setTimer, onTrouble: () => undefined })
  const file = join(dir, 'set-aside.jsonl')
  const setAside = createSetAside({ file, log })
  const drain = createDrain({ spool, store, setAside, log, clock, wallMs: clock.nowMs, random: () => 1 })
  const say = (...entries: JournalEntry[]) => spool.append(entries.map(toLine), true)
  return { files, store, clock, spool, drain, say, log: () => lines, setAsideFile: file }
}

const texts = (entries: readonly JournalEntry[]) => entries.flatMap(entry => entry.type === 'item' ? entry.item.text : entry.type)
const said = (count: number) => Array.from({ length: count }, (_, at) => itemEntry('call_1', at + 2, `words ${at}`))

describe('a store that is well', () => {
  it('gets all that was said, in order, in batches, and the spool forgets it', async () => {
    const { store, clock, drain, say, files, spool } = begin()
    drain.start()
    await clock.advance(0)
    say(callBegan('call_1'), ...said(600))
    await clock.advance(2000)
    expect(texts(store.entries)).toEqual(['call_began', ...said(600).map((_, at) => `words ${at}`)])
    expect(store.writes.length).toBeLessThan(6)
    expect(drain.reading).toMatchObject({ written: 601, oldestMs: 0, stuck: false })
    expect(spool.reading.waitingBytes).toBe(0)
    expect(files.files.size).toBe(0)
  })

  it('gets first what an earlier process left', async () => {
    const files = createMemoryFiles()
    begin({ files }).say(callBegan('call_1'), ...said(3))
    const { store, clock, drain, say } = begin({ files })
    say(callBegan('call_2'))
    drain.start()
    await clock.advance(1000)
    expect(store.entries.map(({ callId }) => callId)).toEqual(['call_1', 'call_1', 'call_1', 'call_1', 'call_2'])
  })

  it('a process that ended before the spool forgot writes nothing twice', async () => {
    const files = createMemoryFiles()
    const store = createMemoryStore()
    const first = begin({ files, store })
    first.say(callBegan('call_1'), ...said(3))
    await store.write([callBegan('call_1'), ...said(2)])
    const { clock, drain } = begin({ files, store })
    drain.start()
    await clock.advance(1000)
    expect(texts(store.entries)).toEqual(['call_began', 'words 0', 'words 1', 'words 2'])
  })
})

describe('a store that is away', () => {
  it.each<StoreTrouble>(['gone', 'busy', 'timeout', 'full', 'read_only', 'newer_version'])('%s: what is said waits, with one line in the log, and arrives in order', async trouble => {
    const { store, clock, drain, say, log } = begin()
    drain.start()
    let down = true
    store.onWrite = () => { if (down) throw new StoreError(trouble, 'Not now.') }
    say(callBegan('call_1'))
    for (const entry of said(20)) {
      say(entry)
      await clock.advance(1000)
    }
    expect(store.entries).toEqual([])
    expect(drain.reading).toMatchObject({ written: 0, stuck: true })
    expect(drain.reading.oldestMs).toBeGreaterThan(15_000)
    expect(log().match(/takes nothing for the moment/g)).toHaveLength(1)
    down = false
    await clock.advance(30_000)
    expect(texts(store.entries)).toEqual(['call_began', ...said(20).map((_, at) => `words ${at}`)])
    expect(log()).toContain('takes entries again')
    expect(drain.reading).toMatchObject({ stuck: false, oldestMs: 0, setAside: 0 })
  })

  it('waits longer each time, up to ten seconds', async () => {
    const { store, clock, drain, say } = begin()
    store.onWrite = () => { throw new StoreError('gone', 'Gone.') }
    drain.start()
    say(callBegan('call_1'))
    await clock.advance(60_000)
    expect(store.writes.length).toBeGreaterThan(8)
    expect(store.writes.length).toBeLessThan(16)
  })

  it('that answers no more is given up after ten seconds and asked again', async () => {
    const { store, clock, drain, say } = begin()
    let asked = 0
    store.onWrite = () => asked++ === 0 ? new Promise(() => undefined) : undefined
    drain.start()
    say(callBegan('call_1'))
    await clock.advance(9_000)
    expect(asked).toBe(1)
    await clock.advance(2_000)
    expect(texts(store.entries)).toEqual(['call_began'])
  })
})

describe('an entry that the store refuses', () => {
  const poison = 'words 5'
  const refuse = (entries: readonly JournalEntry[]) => { if (texts(entries).includes(poison)) throw new StoreError('broken', 'No.') }

  it('is set aside after some tries, alone; what stands before and behind it is kept in order', async () => {
    const { store, clock, drain, say, log, setAsideFile } = begin()
    store.onWrite = refuse
    drain.start()
    say(callBegan('call_1'), ...said(12))
    await clock.advance(10_000)
    expect(texts(store.entries)).toEqual(['call_began', ...said(12).map((_, at) => `words ${at}`).filter(text => text !== poison)])
    expect(drain.reading.setAside).toBe(1)
    expect(JSON.parse(readFileSync(setAsideFile, 'utf8'))).toMatchObject({ code: 'broken', entry: { seq: 7, item: { text: poison } } })
    expect(log()).toContain('set aside')
    expect(log()).not.toContain(poison)
  })

  it('isn\'t to blame while the store can\'t be read either', async () => {
    const { store, clock, drain, say } = begin()
    let broken = true
    const { list } = store
    store.onWrite = () => { if (broken) throw new StoreError('broken', 'The file is damaged.') }
    store.list = async (...asked) => {
      if (broken) throw new StoreError('broken', 'The file is damaged.')
      return list(...asked)
    }
    drain.start()
    say(callBegan('call_1'), ...said(3))
    await clock.advance(60_000)
    expect(drain.reading.setAside).toBe(0)
    broken = false
    await clock.advance(30_000)
    expect(texts(store.entries)).toEqual(['call_began', 'words 0', 'words 1', 'words 2'])
  })
})

describe('catching up', () => {
  it('resolves once what was said before is in the store, and tries at once where it would have waited', async () => {
    const { store, clock, drain, say } = begin()
    let down = true
    store.onWrite = () => { if (down) throw new StoreError('gone', 'Gone.') }
    drain.start()
    say(callBegan('call_1'), ...said(300))
    await clock.advance(40_000)
    down = false
    const done = drain.caughtUp(5000)
    await clock.advance(0)
    expect(await done).toBe(true)
    expect(store.entries).toHaveLength(301)
  })

  it('gives up after its time', async () => {
    const { store, clock, drain, say } = begin()
    store.onWrite = () => new Promise(() => undefined)
    drain.start()
    say(callBegan('call_1'))
    const done = drain.caughtUp(500)
    await clock.advance(500)
    expect(await done).toBe(false)
  })

  it('a drain that was stopped holds nobody up', async () => {
    const { store, clock, drain, say } = begin()
    store.onWrite = () => { throw new StoreError('gone', 'Gone.') }
    drain.start()
    say(callBegan('call_1'))
    await clock.advance(100)
    const done = drain.caughtUp(60_000)
    drain.stop()
    await clock.advance(0)
    expect(await done).toBe(false)
    expect(clock.pendingTimers).toBe(0)
  })
})
