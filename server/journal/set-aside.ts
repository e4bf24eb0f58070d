import { appendFileSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import type { Log } from '../log.ts'
import type { JournalEntry } from '../store/journal-entry.ts'

/** A file that only grows when something is broken. Full ⇒ further entries are lost, and told in the log. */
const MAX_BYTES = 16 * 1024 * 1024

/** Entries that the store won't take, whatever else it takes: kept for whoever mends it, out of the way of those behind. */
export interface SetAside {
  put(entry: JournalEntry, code: string): void
  readonly count: number
  /** What was deleted isn't kept here either. */
  forget(isOf: (conversationId: string) => boolean): void
}

export interface SetAsideOptions { file: string, log: Log, maxBytes?: number }

export function createSetAside({ file, log, maxBytes = MAX_BYTES }: SetAsideOptions): SetAside {
  let count = 0
  const sizeOf = () => {
    try {
      return statSync(file).size
    } catch {
      return 0
    }
  }
  return {
    get count() { return count },
    put(entry, code) {
      count++
      const facts = { call: entry.callId, entry: entry.type, seq: entry.seq, code, file }
      const line = `${JSON.stringify({ code, entry })}\n`
      try {
        if (sizeOf() + line.length > maxBytes) return log.error(facts, 'the store refuses an entry, and the file for such entries is full: it is lost')
        appendFileSync(file, line, { mode: 0o600 })
        log.error(facts, 'the store refuses an entry: it was set aside, and what comes after it is kept')
      } catch (error) {
        log.error({ ...facts, why: (error as NodeJS.ErrnoException).code }, 'the store refuses an entry, and it can\'t be set aside: it is lost')
      }
    },
    forget(isOf) {
      if (sizeOf() === 0) return
      const lines = readFileSync(file, 'utf8').split('\n').filter(line => line !== '')
      const rest = lines.filter(line => !isOf(conversationOf(line)))
      if (rest.length === lines.length) return
      // In one step: what is left is never there by half.
      writeFileSync(`${file}.new`, rest.map(line => `${line}\n`).join(''), { mode: 0o600 })
      renameSync(`${file}.new`, file)
    },
  }
}

function conversationOf(line: string): string {
  try {
    return (JSON.parse(line) as { entry?: { conversationId?: string } }).entry?.conversationId ?? ''
  } catch {
    return ''
  }
}
