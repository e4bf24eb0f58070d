import type { JournalEntry } from '../store/journal-entry.ts'
import type { SpoolFiles } from './spool-files.ts'
import { fromLine, MAX_LINE_BYTES } from './spool-line.ts'

/** Some entries in the order in which they were appended, and where they end. */
export interface SpoolBatch { entries: JournalEntry[], readonly segment: string, readonly bytes: number, readonly lines: number, readonly brokenLines: number }

/** A file of the spool, as far as it is written and read. */
export interface WrittenSegment { readonly name: string, readonly bytes: number, readonly drainedBytes: number }

const NEWLINE = 0x0A

/** The next entries of a file that has some left. Rejects when the disk can't read it; a file that is gone, or shorter than it was, is at its end. */
export async function readBatch(files: Pick<SpoolFiles, 'read'>, segment: WrittenSegment, maxEntries: number, maxBytes: number): Promise<SpoolBatch> {
  const left = segment.bytes - segment.drainedBytes
  for (let wanted = Math.min(left, maxBytes); ; wanted = Math.min(left, wanted * 2)) {
    const bytes = await bytesOf(files, segment, wanted)
    const end = bytes.lastIndexOf(NEWLINE) + 1
    if (end > 0) return batchOf(segment.name, bytes.subarray(0, end), end, maxEntries)
    // No end of a line up to the file's own: a crash cut it off, or the file was cut.
    if (bytes.length < wanted || wanted === left) return batchOf(segment.name, bytes, left, maxEntries)
    if (wanted >= MAX_LINE_BYTES) return batchOf(segment.name, bytes, bytes.length, maxEntries)
  }
}

async function bytesOf(files: Pick<SpoolFiles, 'read'>, { name, drainedBytes: at }: WrittenSegment, wanted: number): Promise<Buffer> {
  try {
    return await files.read(name, at, wanted)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return Buffer.alloc(0)
    throw error
  }
}

/** @param used so far the file is done with when all of `bytes` is */
function batchOf(segment: string, bytes: Buffer, used: number, maxEntries: number): SpoolBatch {
  const entries: JournalEntry[] = []
  let at = 0
  let lines = 0
  let brokenLines = 0
  while (at < bytes.length && lines < maxEntries) {
    const newline = bytes.indexOf(NEWLINE, at)
    const end = newline < 0 ? bytes.length : newline
    const line = bytes.toString('utf8', at, end)
    at = end + 1
    if (line === '') continue
    lines++
    const entry = fromLine(line)
    if (entry) entries.push(entry)
    else brokenLines++
  }
  return { entries, segment, bytes: at >= bytes.length ? used : at, lines, brokenLines }
}
