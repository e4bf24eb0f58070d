import { readBatch, type SpoolBatch } from './spool-batch.ts'
import type { SpoolFiles } from './spool-files.ts'

/** How much may wait for the store. From here on no new calls begin, and what is only nice to have isn't kept. */
const MAX_WAITING_BYTES = 256 * 1024 * 1024
/** Running calls may fill this much more; then what they say is lost, counted and told in the log. */
const LAST_RESORT = 1.25
/** A file this long is followed by the next. */
const MAX_SEGMENT_BYTES = 1024 * 1024
/** A file that was drained is removed when it is this long, or when nobody writes. */
const WORTH_REMOVING_BYTES = 64 * 1024
/** What isn't final waits so long for company: a write costs the same for one entry and for ten. */
const GATHER_MS = 100
/** The disk took nothing: what is kept in memory until it does. Full ⇒ the newest is lost, counted. */
const MAX_HELD_BYTES = 4 * 1024 * 1024
const RETRY_MS = 1000
const SEGMENT = /^(\d{10})\.jsonl$/

/** What the log is told. Nothing here says what was said. */
export type SpoolTrouble
  /** The disk takes nothing; calls go on, new ones are refused. Told once until writing works again. */
  = | { what: 'not_written', why: string }
    | { what: 'written_again', lostEntries: number }
    /** More waits than may: the store has been away for long. */
    | { what: 'full', waitingBytes: number }
    | { what: 'room_again', lostEntries: number }

export interface SpoolReading {
  waitingBytes: number
  /** Of this process; what an earlier one left is counted in bytes only. */
  waitingEntries: number
  /** Never written: the disk or the bound was in the way. */
  lostEntries: number
  /** Lines that a crash or the disk left behind, and that are no entries. */
  brokenLines: number
}

export interface SpoolOptions {
  files: SpoolFiles
  setTimer(callback: () => void, delayMs: number): () => void
  onTrouble(trouble: SpoolTrouble): void
  maxWaitingBytes?: number
  maxSegmentBytes?: number
}

/** What was said and isn't in the store yet: files that are only appended to, each removed once it has been drained. One process has them. */
export interface Spool {
  /**
   * `final`: the lines, and all before them, are in the file when this returns: the process may be killed then, the machine may not.
   * Never throws. `lines` without their ends.
   */
  append(lines: readonly string[], final: boolean): void
  /** No new calls for the moment. */
  readonly full: boolean
  readonly reading: SpoolReading
  /** What is next to be drained; undefined: nothing. The same until `drained` is called. */
  next(maxEntries: number, maxBytes: number): Promise<SpoolBatch | undefined>
  drained(batch: SpoolBatch): void
  /** Once all is drained: leaves nothing on the disk. */
  retire(): void
  /** Called after an append. */
  onAppend: () => void
  /** Bytes appended since the beginning of time; the other, those of them that were drained. */
  readonly appendedBytes: number
  readonly drainedBytes: number
  /** What was gathered is written. Appending works on. */
  flush(): void
  /** Nothing is appended any more. */
  close(): void
}

interface Segment { name: string, bytes: number, drainedBytes: number, entries: number }

/** @throws when the folder can't be read */
export function openSpool(options: SpoolOptions): Spool {
  const { files, setTimer, onTrouble, maxWaitingBytes = MAX_WAITING_BYTES, maxSegmentBytes = MAX_SEGMENT_BYTES } = options
  const found = files.list().filter(({ name }) => SEGMENT.test(name)).sort((a, b) => a.name < b.name ? -1 : 1)
  const segments: Segment[] = found.map(({ name, bytes }) => ({ name, bytes, drainedBytes: 0, entries: 0 }))
  let lastNumber = Number(SEGMENT.exec(found.at(-1)?.name ?? '')?.[1] ?? 0)
  let current: { segment: Segment, file: number } | undefined
  let appendedBytes = segments.reduce((sum, { bytes }) => sum + bytes, 0)
  let drainedBytes = 0
  /** Not in the file yet: gathered, or kept back by a disk that takes nothing. */
  let held: string[] = []
  let heldBytes = 0
  let stopGathering: (() => void) | undefined
  let failing = false
  let wasFull = false
  let lostEntries = 0
  let brokenLines = 0
  let closed = false

  const waitingBytes = () => appendedBytes - drainedBytes
  const isFull = () => waitingBytes() >= maxWaitingBytes

  function append(lines: readonly string[], final: boolean) {
    if (closed || !hasRoomFor(lines, final)) {
      lostEntries += lines.length
      return
    }
    for (const line of lines) {
      held.push(line)
      heldBytes += line.length
    }
    if (failing) return
    if (final) write()
    else stopGathering ??= setTimer(write, GATHER_MS)
  }

  function hasRoomFor(lines: readonly string[], final: boolean): boolean {
    if (isFull() && !wasFull) {
      wasFull = true
      onTrouble({ what: 'full', waitingBytes: waitingBytes() })
    }
    if (isFull() && !final) return false
    if (waitingBytes() >= maxWaitingBytes * LAST_RESORT) return false
    return heldBytes + lines.reduce((sum, line) => sum + line.length, 0) <= MAX_HELD_BYTES
  }

  /** All that is held, in one piece. */
  function write() {
    stopGathering?.()
    stopGathering = undefined
    if (held.length === 0) return
    const bytes = Buffer.from(`${held.join('\n')}\n`)
    try {
      const { segment, file } = current ??= begin()
      writeWhole(file, bytes, segment.bytes)
      segment.bytes += bytes.length
      segment.entries += held.length
      appendedBytes += bytes.length
      held = []
      heldBytes = 0
      wentWell()
      if (segment.bytes >= maxSegmentBytes) endSegment()
    } catch (error) {
      wentWrong(error)
    }
    spool.onAppend()
  }

  /** A disk that is full takes a part: that is taken back, so that no line is there by half. */
  function writeWhole(file: number, bytes: Buffer, at: number) {
    let written = 0
    try {
      while (written < bytes.length) {
        const taken = files.write(file, bytes.subarray(written))
        if (taken <= 0) throw Object.assign(new Error('nothing was taken'), { code: 'ENOSPC' })
        written += taken
      }
    } catch (error) {
      if (written > 0) takeBack(file, at)
      throw error
    }
  }

  function takeBack(file: number, bytes: number) {
    try {
      files.truncate(file, bytes)
    } catch {
      // Then half a line is the last of its file: whoever reads it passes it over.
      endSegment()
    }
  }

  function begin() {
    for (;;) {
      const name = `${String(++lastNumber).padStart(10, '0')}.jsonl`
      try {
        const file = files.create(name)
        const segment: Segment = { name, bytes: 0, drainedBytes: 0, entries: 0 }
        segments.push(segment)
        return { segment, file }
      } catch (error) {
        // Somebody else's: never written to.
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
      }
    }
  }

  function endSegment() {
    if (!current) return
    const { file } = current
    current = undefined
    try {
      files.close(file)
    } catch {
      // What was written is written.
    }
  }

  function wentWell() {
    if (!failing) return
    failing = false
    onTrouble({ what: 'written_again', lostEntries })
  }

  function wentWrong(error: unknown) {
    // A disk that came back may have lost the file: go on in another.
    endSegment()
    if (!failing) onTrouble({ what: 'not_written', why: String((error as NodeJS.ErrnoException)?.code ?? 'unknown reason') })
    failing = true
    stopGathering = setTimer(write, RETRY_MS)
  }

  function next(maxEntries: number, maxBytes: number): Promise<SpoolBatch | undefined> {
    const segment = segments.find(each => each.drainedBytes < each.bytes)
    return segment ? readBatch(files, segment, maxEntries, maxBytes) : Promise.resolve(undefined)
  }

  function drained(batch: SpoolBatch) {
    const segment = segments.find(({ name }) => name === batch.segment)
    if (!segment) return
    brokenLines += batch.brokenLines
    segment.drainedBytes += batch.bytes
    segment.entries = Math.max(0, segment.entries - batch.lines)
    drainedBytes += batch.bytes
    if (wasFull && !isFull()) {
      wasFull = false
      onTrouble({ what: 'room_again', lostEntries })
    }
    if (segment.drainedBytes >= segment.bytes && (current?.segment !== segment || segment.bytes >= WORTH_REMOVING_BYTES)) remove(segment)
  }

  function remove(segment: Segment) {
    if (current?.segment === segment) endSegment()
    segments.splice(segments.indexOf(segment), 1)
    try {
      files.remove(segment.name)
    } catch {
      // The next start drains it again, which changes nothing, and tries again.
    }
  }

  const spool: Spool = {
    append,
    get full() { return failing || isFull() },
    get reading() {
      return { waitingBytes: waitingBytes(), waitingEntries: held.length + segments.reduce((sum, { entries }) => sum + entries, 0), lostEntries, brokenLines }
    },
    next,
    drained,
    retire() {
      for (const segment of [...segments]) if (segment.drainedBytes >= segment.bytes) remove(segment)
    },
    onAppend: () => undefined,
    get appendedBytes() { return appendedBytes },
    get drainedBytes() { return drainedBytes },
    flush: write,
    close() {
      write()
      closed = true
      stopGathering?.()
      endSegment()
    },
  }
  return spool
}
