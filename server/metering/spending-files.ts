import { accessSync, chmodSync, closeSync, constants, mkdirSync, openSync, readdirSync, readFileSync, unlinkSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { MAX_TOKENS } from './cost.ts'
import { dayOf, type Charge } from './ledger.ts'

/** Lines that the disk hasn't taken yet. Full ⇒ further ones are lost to the file, counted, and still counted in memory. */
const MAX_WAITING_LINES = 10_000
/** Between two batches: each makes the disk wait for itself, and the server for the disk's thread. */
const GATHER_MS = 100
const KEPT_DAYS = 40
const FILE = /^\d{4}-\d{2}-\d{2}\.jsonl$/
const DAY_MS = 86_400_000

const tokens = z.number().int().min(0).max(MAX_TOKENS)
const three = z.object({ text: tokens, audio: tokens, image: tokens })
const line = z.object({
  at: z.iso.datetime(),
  call: z.string(), person: z.string(), model: z.string(), response: z.string().nullable(),
  nano_usd: z.int().min(0).nullable(),
  input: three, cached: three, output: z.object({ text: tokens, audio: tokens }),
  transcription_ms: z.int().min(0),
  estimated: z.literal(true).optional(),
})

function toLine({ callId, person, model, responseId, amount, estimated }: Charge, atMs: number): string {
  return JSON.stringify({
    at: new Date(atMs).toISOString(), call: callId, person, model, response: responseId,
    nano_usd: amount.nanoUsd, ...amount.tokens, transcription_ms: amount.transcriptionMs, ...(estimated && { estimated }),
  } satisfies z.input<typeof line>)
}

function fromLine(text: string): Charge | undefined {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    return undefined
  }
  const { data } = line.safeParse(json)
  return data && {
    callId: data.call, person: data.person, model: data.model, responseId: data.response, estimated: data.estimated ?? false,
    amount: { nanoUsd: data.nano_usd, tokens: { input: data.input, cached: data.cached, output: data.output }, transcriptionMs: data.transcription_ms },
  }
}

/** What went wrong with the files; the amounts in memory are right all the same. */
export type SpendingTrouble
  /** Lines that are no charges, such as the last one before a power cut, were passed over. */
  = | { what: 'unreadable_lines', file: string, lines: number }
    /** Charges are not on disk: a restart forgets them. Told once until writing works again. */
    | { what: 'not_written', file: string, why: string }
    | { what: 'written_again', file: string, lostLines: number }

export interface SpendingFilesOptions {
  dir: string
  nowMs(): number
  onTrouble(trouble: SpendingTrouble): void
  maxWaitingLines?: number
  /** Appends and makes sure that it is on the disk. */
  append?(file: string, text: string): Promise<void>
}

/** Spending as files, one a day, one charge a line (JSON), only ever appended to. One process at a time has the folder. */
export interface SpendingFiles {
  /** Today's charges of before the restart. */
  readonly earlier: readonly Charge[]
  record(charge: Charge, atMs: number): void
  /** Resolves when what was recorded until now is on disk, or given up. */
  flush(): Promise<void>
}

async function appendAndSync(file: string, text: string) {
  const handle = await open(file, 'a', 0o600)
  try {
    await handle.appendFile(text)
    await handle.datasync()
  } finally {
    await handle.close()
  }
}

/** What is in a day's file. @throws when it is there and can't be read */
function readDay(file: string): { charges: Charge[], unreadable: number, endsMidLine: boolean } {
  closeSync(openSync(file, 'a', 0o600))
  const text = readFileSync(file, 'utf8')
  // A batch that failed half-way was written again: the same line is the same charge.
  const lines = [...new Set(text.split('\n'))].filter(each => each !== '')
  const charges = lines.flatMap(each => fromLine(each) ?? [])
  return { charges, unreadable: lines.length - charges.length, endsMidLine: text !== '' && !text.endsWith('\n') }
}

/**
 * Opens the folder, reads today's charges, removes days that are older than 40. Lines are written in order, one batch at a time,
 * each followed by fdatasync: a charge after a quiet moment at once, others together with what came within 100 ms. A killed process
 * loses at most what came within that and one write; `flush` leaves nothing behind. A batch that fails is tried again with the next charge.
 * @throws when the folder can't be made, read or written
 */
export function openSpendingFiles({ dir, nowMs, onTrouble, maxWaitingLines = MAX_WAITING_LINES, append = appendAndSync }: SpendingFilesOptions): SpendingFiles {
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  chmodSync(dir, 0o700)
  accessSync(dir, constants.R_OK | constants.W_OK | constants.X_OK)
  const fileOf = (day: string) => join(dir, `${day}.jsonl`)
  const today = dayOf(nowMs())
  const { charges, unreadable, endsMidLine } = readDay(fileOf(today))
  if (unreadable > 0) onTrouble({ what: 'unreadable_lines', file: fileOf(today), lines: unreadable })

  const waiting: { file: string, text: string }[] = []
  let writing = Promise.resolve()
  let isWriting = false
  /** Who wait for a flush; until they have it, nothing is gathered. */
  let hurrying = 0
  let stopGathering = () => {}
  let failing = false
  let lost = 0
  let lastDay = today
  // A line that was cut off stays alone.
  let tornFile = endsMidLine ? fileOf(today) : undefined
  removeOldDays()

  function removeOldDays() {
    const oldest = `${dayOf(nowMs() - KEPT_DAYS * DAY_MS)}.jsonl`
    try {
      for (const name of readdirSync(dir)) if (FILE.test(name) && name < oldest) unlinkSync(join(dir, name))
    } catch {
      // A file too many does no harm; the next day tries again.
    }
  }

  /** One batch after the other: the lines at the front that belong to one day. */
  async function writeWaiting() {
    while (waiting.length > 0) {
      const file = waiting[0]!.file
      const next = waiting.findIndex(each => each.file !== file)
      const count = next === -1 ? waiting.length : next
      const text = waiting.slice(0, count).map(each => `${each.text}\n`).join('')
      try {
        await append(file, tornFile === file ? `\n${text}` : text)
        if (tornFile === file) tornFile = undefined
        waiting.splice(0, count)
        wentWell(file)
        await gather()
      } catch (error) {
        // It may have got as far as the middle of a line.
        tornFile = file
        wentWrong(file, error instanceof Error ? error.message : 'unknown reason')
        break
      }
    }
    isWriting = false
  }

  function gather(): Promise<void> {
    if (hurrying > 0) return Promise.resolve()
    return new Promise(resolve => {
      stopGathering = resolve
      setTimeout(resolve, GATHER_MS).unref()
    })
  }

  function wentWell(file: string) {
    if (failing) onTrouble({ what: 'written_again', file, lostLines: lost })
    failing = false
    lost = 0
  }

  function wentWrong(file: string, why: string) {
    if (!failing) onTrouble({ what: 'not_written', file, why })
    failing = true
  }

  function write() {
    if (isWriting) return
    isWriting = true
    writing = writeWaiting()
  }

  return {
    earlier: charges,
    record(charge, atMs) {
      const day = dayOf(atMs)
      if (day !== lastDay) {
        lastDay = day
        removeOldDays()
      }
      if (waiting.length >= maxWaitingLines) {
        lost++
        return write()
      }
      waiting.push({ file: fileOf(day), text: toLine(charge, atMs) })
      write()
    },
    async flush() {
      hurrying++
      stopGathering()
      if (waiting.length > 0) write()
      await writing
      hurrying--
    },
  }
}
