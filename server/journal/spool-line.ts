import type { JournalEntry } from '../store/journal-entry.ts'

/** Longer, a line isn't one of ours, or an item nobody can have said. */
export const MAX_LINE_BYTES = 4 * 1024 * 1024

/** An entry as a line of the spool, without its end. */
export const toLine = (entry: JournalEntry): string => JSON.stringify(entry)

const types: Record<JournalEntry['type'], true> = {
  call_began: true, item: true, item_removed: true, response: true, transcription_usage: true, turn_latency: true,
  wire_event: true, audio: true, call_ended: true,
}

/** What a line says, or undefined: it was cut off, or is damaged. What an entry holds beyond its place is the store's to judge. */
export function fromLine(line: string): JournalEntry | undefined {
  let entry: unknown
  try {
    entry = JSON.parse(line)
  } catch {
    return undefined
  }
  if (typeof entry !== 'object' || entry === null) return undefined
  const { type, callId, conversationId, seq, atMs } = entry as Partial<Record<string, unknown>>
  const isOne = typeof type === 'string' && Object.hasOwn(types, type) && typeof callId === 'string' && typeof conversationId === 'string'
    && Number.isSafeInteger(seq) && Number.isFinite(atMs)
  return isOne ? entry as JournalEntry : undefined
}
