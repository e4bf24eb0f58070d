import { readdirSync, readFileSync, statSync } from 'node:fs'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'

/** One file as it was found; its stamp is another one when it has changed. */
export type FoundFile = { name: string, stamp: string } & ({ text: string } | { problem: string })

export interface FolderReading {
  /** What changed since `known`, in order of name. */
  changed: FoundFile[]
  /** Every persona's file that is there. */
  names: string[]
  /** More than are read. */
  tooMany: boolean
  /** Why the folder can't be read; undefined: it was, or isn't there. */
  problem: string | undefined
  missing: boolean
}

/** Files of one folder. More ⇒ the last by name are left out, and the log says so. */
export const MAX_FILES = 200
/** Of one file. Longer ⇒ it is left out, and the log says so. */
export const MAX_FILE_BYTES = 64 * 1024

const isPersonaFile = (name: string) => /^[^.].*\.ya?ml$/i.test(name)
const pick = (entries: string[]) => {
  const all = entries.filter(isPersonaFile).sort()
  return { names: all.slice(0, MAX_FILES), tooMany: all.length > MAX_FILES }
}

interface FileFacts { isFile(): boolean, size: number, mtimeMs: number, ino: number }
const stampOf = ({ size, mtimeMs, ino }: FileFacts) => `${ino}:${size}:${mtimeMs}`

/** Why it isn't opened at all: a pipe would never end. */
function objection(facts: FileFacts): string | undefined {
  if (!facts.isFile()) return 'it is no file'
  return facts.size > MAX_FILE_BYTES ? `it has ${facts.size} bytes; a persona has at most ${MAX_FILE_BYTES}` : undefined
}

function decoded(bytes: Uint8Array): { text: string } | { problem: string } {
  // It may have grown since it was looked at.
  if (bytes.length > MAX_FILE_BYTES) return { problem: `a persona has at most ${MAX_FILE_BYTES} bytes` }
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) }
  } catch {
    return { problem: 'it is not UTF-8 text' }
  }
}

const codeOf = (error: unknown) => (error as NodeJS.ErrnoException).code ?? 'unknown'
const failed = (error: unknown): FolderReading => ({ changed: [], names: [], tooMany: false, missing: codeOf(error) === 'ENOENT', problem: codeOf(error) === 'ENOENT' ? undefined : codeOf(error) })

/** At the start, when nobody talks yet. */
export function readFolderNow(folder: string): FolderReading {
  try {
    const { names, tooMany } = pick(readdirSync(folder))
    const changed = names.map((name): FoundFile => {
      try {
        const facts = statSync(join(folder, name))
        const problem = objection(facts)
        return { name, stamp: stampOf(facts), ...(problem ? { problem } : decoded(readFileSync(join(folder, name)))) }
      } catch (error) {
        return { name, stamp: 'unread', problem: `it can't be read (${codeOf(error)})` }
      }
    })
    return { changed, names, tooMany, missing: false, problem: undefined }
  } catch (error) {
    return failed(error)
  }
}

/** While people talk: nothing of it waits for the disk. Files with a known stamp aren't opened. Never rejects. */
export async function readFolder(folder: string, known: ReadonlyMap<string, string>): Promise<FolderReading> {
  try {
    const { names, tooMany } = pick(await readdir(folder))
    const changed: FoundFile[] = []
    for (const name of names) {
      const found = await readChanged(join(folder, name), known.get(name)).catch((error: unknown) => ({ stamp: 'unread', problem: `it can't be read (${codeOf(error)})` }))
      if (found && !(found.stamp === 'unread' && known.get(name) === 'unread')) changed.push({ name, ...found })
    }
    return { changed, names, tooMany, missing: false, problem: undefined }
  } catch (error) {
    return failed(error)
  }
}

async function readChanged(path: string, knownStamp: string | undefined) {
  const facts = await stat(path)
  const stamp = stampOf(facts)
  if (stamp === knownStamp) return undefined
  const problem = objection(facts)
  return { stamp, ...(problem ? { problem } : decoded(await readFile(path))) }
}
