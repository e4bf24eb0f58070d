import { appendFileSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'

/** One sign-in that was signed out of, and when it began. */
export interface EndedSignIn { id: string, begunMs: number }

const FILE = 'ended-sign-ins.jsonl'
/** Remembered at a time. Full ⇒ the older half goes, and all that began before them end, too: people sign in again, no dead cookie lives. */
const MAX_ENDED = 20_000

const lineSchema = z.union([
  z.object({ id: z.string().max(64), begunMs: z.number(), untilMs: z.number() }),
  z.object({ allBeforeMs: z.number() }),
])

export interface EndedSignIns {
  end(signIn: EndedSignIn): void
  isEnded(signIn: EndedSignIn): boolean
}

export interface EndedSignInsOptions {
  dataDir: string
  nowMs: () => number
  /** As long as a cookie lives: then it is dead without being remembered. */
  rememberMs: number
  warn: (sentence: string) => void
  maxEnded?: number
}

/** Which sign-ins were ended, in a file of the data folder: a cookie that was copied stays dead when the server starts anew. */
export function createEndedSignIns({ dataDir, nowMs, rememberMs, warn, maxEnded = MAX_ENDED }: EndedSignInsOptions): EndedSignIns {
  const path = join(dataDir, FILE)
  let ended: Map<string, { begunMs: number, untilMs: number }> | undefined
  let allBeforeMs = 0

  function load() {
    if (ended) return ended
    ended = new Map()
    for (const line of linesOf(path, warn)) {
      const parsed = lineSchema.safeParse(line).data
      if (!parsed) continue
      if ('allBeforeMs' in parsed) allBeforeMs = Math.max(allBeforeMs, parsed.allBeforeMs)
      else if (parsed.untilMs > nowMs()) ended.set(parsed.id, parsed)
    }
    return ended
  }

  function write(action: () => void) {
    try {
      mkdirSync(dataDir, { recursive: true, mode: 0o700 })
      action()
    } catch (error) {
      warn(`Who signed out can't be written to ${path} (${(error as NodeJS.ErrnoException).code}): after a restart, copied cookies of theirs are good again. Check KAIWA_DATA_DIR.`)
    }
  }

  function makeRoom(known: Map<string, { begunMs: number, untilMs: number }>) {
    for (const [id, { untilMs }] of known) if (untilMs <= nowMs()) known.delete(id)
    if (known.size >= maxEnded) {
      for (const [id, { begunMs }] of [...known].slice(0, Math.ceil(known.size / 2))) {
        known.delete(id)
        allBeforeMs = Math.max(allBeforeMs, begunMs + 1)
      }
    }
    const lines = [{ allBeforeMs }, ...[...known].map(([id, rest]) => ({ id, ...rest }))]
    write(() => {
      writeFileSync(`${path}.new`, lines.map(line => `${JSON.stringify(line)}\n`).join(''), { mode: 0o600 })
      renameSync(`${path}.new`, path)
    })
  }

  return {
    end({ id, begunMs }) {
      const known = load()
      if (known.has(id)) return
      if (known.size >= maxEnded) makeRoom(known)
      const entry = { begunMs, untilMs: nowMs() + rememberMs }
      known.set(id, entry)
      write(() => appendFileSync(path, `${JSON.stringify({ id, ...entry })}\n`, { mode: 0o600 }))
    },
    isEnded: ({ id, begunMs }) => load().has(id) || begunMs < allBeforeMs,
  }
}

/** A line that was half written when the power failed is no line. */
function linesOf(path: string, warn: (sentence: string) => void): unknown[] {
  try {
    return readFileSync(path, 'utf8').split('\n').flatMap(line => {
      try {
        return line ? [JSON.parse(line) as unknown] : []
      } catch {
        return []
      }
    })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') warn(`${path} can't be read (${(error as NodeJS.ErrnoException).code}): cookies of those who signed out may be good again. Check KAIWA_DATA_DIR.`)
    return []
  }
}
