import { appendFileSync, chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { appendFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { nothing, responseAmount } from '../../../../server/metering/amount.ts'
import type { Charge } from '../../../../server/metering/ledger.ts'
import { openSpendingFiles, type SpendingFilesOptions, type SpendingTrouble } from '../../../../server/metering/spending-files.ts'

const NOON = Date.UTC(2026, 10, 22, 12)
const DAY_MS = 86_400_000
let dir: string
beforeEach(() => { dir = mkdtempSync(join(tmpdir(), 'kaiwa-spending-')) })
afterEach(() => {
  chmodSync(dir, 0o700)
  rmSync(dir, { recursive: true })
})

const charge = (number: number, estimated = false): Charge =>
  ({ callId: 'call_1', person: 'password:x', model: 'gpt-realtime-2.1', responseId: `resp_${number}`, amount: responseAmount({ ...nothing.tokens, output: { text: 1, audio: number } }, number), estimated })
const today = () => join(dir, 'spending', '2026-11-22.jsonl')
const lines = (file: string) => readFileSync(file, 'utf8').split('\n').filter(line => line !== '')

function openFiles(options: Partial<SpendingFilesOptions> = {}) {
  const troubles: SpendingTrouble[] = []
  const files = openSpendingFiles({ dir: join(dir, 'spending'), nowMs: () => NOON, onTrouble: trouble => troubles.push(trouble), ...options })
  return { files, troubles }
}

describe('spending on disk', () => {
  it('is what a restart finds, in order and whole', async () => {
    const { files, troubles } = openFiles()
    const charges = Array.from({ length: 200 }, (_, index) => charge(index, index % 3 === 0))
    for (const each of charges) files.record(each, NOON)
    await files.flush()
    expect(openFiles().files.earlier).toEqual(charges)
    expect(troubles).toEqual([])
  })

  it('is readable by nobody else', async () => {
    const { files } = openFiles()
    files.record(charge(1), NOON)
    await files.flush()
    expect(statSync(join(dir, 'spending')).mode & 0o777).toBe(0o700)
    expect(statSync(today()).mode & 0o777).toBe(0o600)
  })

  it('passes over a torn last line and other rubbish, says so, and keeps what is written next apart from it', async () => {
    const { files } = openFiles()
    files.record(charge(1), NOON)
    files.record(charge(2), NOON)
    await files.flush()
    appendFileSync(today(), 'null\n{"at":"2026"}\n{"at":"2026-11-22T12:00:00.000Z","call":"call_1","nano_u')
    const again = openFiles()
    expect(again.files.earlier).toHaveLength(2)
    expect(again.troubles).toEqual([{ what: 'unreadable_lines', file: today(), lines: 3 }])
    again.files.record(charge(3), NOON)
    await again.files.flush()
    expect(openFiles().files.earlier.map(each => each.responseId)).toEqual(['resp_1', 'resp_2', 'resp_3'])
  })

  it.each(['-5', '1.5', '"5"', '1e999', '9007199254740993'])('takes no line whose amount is %s', amount => {
    mkdirSync(join(dir, 'spending'))
    const { files } = openFiles()
    files.record(charge(7), NOON)
    return files.flush().then(() => {
      writeFileSync(today(), readFileSync(today(), 'utf8').replace('"nano_usd":7', `"nano_usd":${amount}`))
      expect(openFiles().files.earlier).toEqual([])
    })
  })

  it('is one file a day, and goes after forty', async () => {
    mkdirSync(join(dir, 'spending'))
    for (const name of ['2026-10-12.jsonl', '2026-10-13.jsonl', 'notes.txt']) writeFileSync(join(dir, 'spending', name), '')
    let nowMs = NOON
    const { files } = openFiles({ nowMs: () => nowMs })
    expect(readdirSync(join(dir, 'spending')).sort()).toEqual(['2026-10-13.jsonl', '2026-11-22.jsonl', 'notes.txt'])
    files.record(charge(1), nowMs)
    nowMs += DAY_MS
    files.record(charge(2), nowMs)
    await files.flush()
    expect(readdirSync(join(dir, 'spending')).sort()).toEqual(['2026-11-22.jsonl', '2026-11-23.jsonl', 'notes.txt'])
    expect(lines(today())).toHaveLength(1)
  })

  it('gathers what comes while a batch is written', async () => {
    const batches: number[] = []
    const { files } = openFiles({ async append(file, text) {
      batches.push(text.trim().split('\n').length)
      await appendFile(file, text)
    } })
    for (let number = 0; number < 100; number++) files.record(charge(number), NOON)
    await files.flush()
    expect(batches).toEqual([1, 99])
  })

  it('writes a lone charge at once, and gathers those of a busy moment without being asked', async () => {
    const batches: number[] = []
    const { promise: second, resolve } = Promise.withResolvers<unknown>()
    const { files } = openFiles({ async append(_, text) {
      if (batches.push(text.trim().split('\n').length) === 2) resolve(batches)
    } })
    files.record(charge(0), NOON)
    expect(batches).toEqual([1])
    await new Promise(setImmediate)
    for (let number = 1; number < 40; number++) {
      files.record(charge(number), NOON)
      await new Promise(setImmediate)
    }
    await second
    expect(batches).toEqual([1, 39])
  })

  it('tells once that it can\'t be written, and writes what waited when it can again', async () => {
    let isFull = true
    const { files, troubles } = openFiles({ async append(file, text) {
      if (!isFull) return appendFile(file, text)
      // As a full disk does: some of it went through.
      await appendFile(file, text.slice(0, 60))
      throw new Error('ENOSPC')
    } })
    for (const number of [1, 2, 3]) {
      files.record(charge(number), NOON)
      await files.flush()
    }
    expect(troubles).toEqual([{ what: 'not_written', file: today(), why: 'ENOSPC' }])
    isFull = false
    files.record(charge(4), NOON)
    await files.flush()
    expect(troubles.at(-1)).toEqual({ what: 'written_again', file: today(), lostLines: 0 })
    expect(openFiles().files.earlier.map(each => each.responseId)).toEqual(['resp_1', 'resp_2', 'resp_3', 'resp_4'])
  })

  it('counts a batch once that was written twice', async () => {
    let fails = true
    const { files } = openFiles({ async append(file, text) {
      await appendFile(file, text)
      if (fails) throw new Error('EIO')
    } })
    files.record(charge(1), NOON)
    await files.flush()
    fails = false
    await files.flush()
    expect(lines(today())).toHaveLength(2)
    expect(openFiles().files.earlier).toHaveLength(1)
  })

  it('lets no more wait for the disk than its bound, and says how many it lost', async () => {
    let isFull = true
    const { files, troubles } = openFiles({ maxWaitingLines: 3, async append(file, text) {
      if (isFull) throw new Error('ENOSPC')
      await appendFile(file, text)
    } })
    for (let number = 0; number < 10; number++) files.record(charge(number), NOON)
    await files.flush()
    isFull = false
    await files.flush()
    expect(lines(today())).toHaveLength(3)
    expect(troubles.at(-1)).toMatchObject({ what: 'written_again', lostLines: 7 })
  })

  it('does not open where there can be no folder', () => {
    writeFileSync(join(dir, 'spending'), 'a file')
    expect(() => openFiles()).toThrow()
  })
})
