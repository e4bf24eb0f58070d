import { resolve } from 'node:path'
import type { BrainMissing, Brains } from '../brains/brains.ts'
import type { Log } from '../log.ts'
import type { Brain } from '../realtime/brain.ts'
import { defaultPersona } from './default-persona.ts'
import { modelOf } from '../realtime/session-configuration.ts'
import { callBudgetUsd, DEFAULT_PERSONA, describePersonaFault, type Persona, type PersonaRef } from './persona.ts'
import { readPersona } from './persona-file.ts'
import { MAX_FILES, readFolder, readFolderNow, type FolderReading, type FoundFile } from './persona-folder.ts'
import { watchFolder, type Watch } from './persona-watch.ts'

/** A persona and who answers for it. */
export type CastPersona = { persona: Persona } & ({ able: true, brain: Brain } | { able: false, kind: Brain['kind'], why: string })

export interface Personas {
  /** All that can be talked to, and those that could be if they were set up; the default first, then by id. */
  list(): CastPersona[]
  /** The one with this id; undefined: there is none. */
  find(id: string): CastPersona | undefined
  /** As it was when something was granted for it, while that is known; else as it is now. */
  recall(ref: PersonaRef): CastPersona | undefined
  /** Looks at the operator's folder again. Never rejects. */
  reload(): Promise<void>
  /** From now on looks by itself, whenever the folder changes. */
  watch(): void
  close(): void
}

/** What a persona asks for beyond it has no effect. */
export interface PersonaBounds {
  maxCallMinutes: number
  /** Of one call; undefined: there is none. */
  budgetUsd: number | undefined
  /** Of one call, one person or everyone: then whatever is spent has to be counted in money. */
  isSpendingBounded: boolean
}

export interface PersonasOptions {
  /** The built-in ones. */
  shippedDir: string
  /** The operator's, which take the place of built-in ones of the same id. May be the same folder, may be missing. */
  ownDir: string
  brains: Pick<Brains, 'of'>
  bounds: PersonaBounds
  isPriced(model: string, brain: Brain['kind']): boolean
  log: Pick<Log, 'info' | 'warn' | 'error'>
  watchFolder?: typeof watchFolder
}

/** A folder's files as they were last good. */
interface Folder { dir: string, stamps: Map<string, string>, good: Map<string, Persona>, complaint: string | undefined }

const emptyFolder = (dir: string): Folder => ({ dir: resolve(dir), stamps: new Map(), good: new Map(), complaint: undefined })

const NO_PRICE = 'Spending is limited on this server, and its model has no price here. Choose another one, or ask whoever runs the server.'
const ID = /^[a-z\d][a-z\d_-]{0,63}$/

/** Everyone who can be talked to. A file that is wrong is told in the log and left out, or keeps its last good version while the server runs. */
export function createPersonas({ brains, bounds, isPriced, log, ...options }: PersonasOptions): Personas {
  const shipped = emptyFolder(options.shippedDir)
  const own = resolve(options.ownDir) === shipped.dir ? shipped : emptyFolder(options.ownDir)
  const folders = own === shipped ? [shipped] : [shipped, own]
  let current = new Map<string, CastPersona>()
  /** One generation: a ticket that was given just before a change still means what it said. */
  let former = new Map<string, CastPersona>()
  let reloading: Promise<void> | undefined
  let watching: Watch | undefined

  function take(folder: Folder, reading: FolderReading) {
    complain(folder, reading)
    if (reading.problem !== undefined) return
    const there = new Set(reading.names)
    const gone = [...folder.stamps.keys()].filter(known => !there.has(known))
    for (const name of gone) folder.good.delete(name)
    // What was refused may have been so because of one that is gone: it is looked at again.
    for (const name of gone.length > 0 ? [...folder.stamps.keys()] : []) if (!folder.good.has(name)) folder.stamps.delete(name)
    for (const file of reading.changed) takeFile(folder, file)
  }

  function takeFile({ dir, stamps, good }: Folder, file: FoundFile) {
    const { name, stamp } = file
    stamps.set(name, stamp)
    const id = name.replace(/\.ya?ml$/i, '')
    const kept = good.has(name) ? ' Its last good version stays in use.' : ''
    const refuse = (sentence: string) => log.error({ persona: id, folder: dir }, `${sentence}${kept}`)
    if ('problem' in file) return refuse(`${name} is no persona: ${file.problem}.`)
    if (!ID.test(id)) return refuse(`${name} is no persona: its name has to be small letters, digits, - and _, at most 64, such as language-tutor.yaml.`)
    const twin = [...good].find(([other, persona]) => other !== name && persona.id === id)
    if (twin) return refuse(`${name} is left out: ${twin[0]} has the same name.`)
    const read = readPersona(name, id, file.text)
    if (!read.ok) return refuse(read.faults.map(describePersonaFault).join(' '))
    good.set(name, read.persona)
    warnOfBounds(name, read.persona)
  }

  function warnOfBounds(name: string, { id, limits }: Persona) {
    if ((limits.maxCallMinutes ?? 0) > bounds.maxCallMinutes) log.warn({ persona: id }, `${name}: limits.max_call_minutes has no effect, because the server's own is lower.`)
    if (bounds.budgetUsd !== undefined && (limits.budgetUsd ?? 0) > bounds.budgetUsd) log.warn({ persona: id }, `${name}: limits.budget_usd has no effect, because the server's own is lower.`)
  }

  /** Once for each state of a folder. */
  function complain(folder: Folder, { problem, missing, tooMany }: FolderReading) {
    const complaint = problem !== undefined
      ? `The folder of personas ${folder.dir} can't be read (${problem}); what was read before stays in use.`
      : missing && folder === shipped
        ? `The built-in personas are missing; they belong in ${folder.dir}.`
        : tooMany ? `${folder.dir} holds more than ${MAX_FILES} personas; the last by name are left out.` : undefined
    if (complaint !== undefined && complaint !== folder.complaint) log.error({ folder: folder.dir }, complaint)
    folder.complaint = complaint
  }

  function cast() {
    const all = new Map([defaultPersona, ...folders.flatMap(({ good }) => [...good.values()])].map(persona => [persona.id, persona]))
    former = current
    current = new Map([...all].sort(byId).map(([id, persona]) => [id, former.get(id)?.persona === persona ? former.get(id)! : castOf(persona)]))
  }

  function castOf(persona: Persona): CastPersona {
    const found = brains.of(persona.brain)
    if (!found.able) return uncast(persona, found.missing)
    const { brain } = found
    const model = modelOf(persona, brain)
    const isBounded = bounds.isSpendingBounded || callBudgetUsd(persona, bounds.budgetUsd) !== undefined
    if (!isBounded || isPriced(model, brain.kind)) return { persona, able: true, brain }
    return uncast(persona, { kind: brain.kind, why: NO_PRICE, remedy: `its model ${model} has no price, and what is spent is bounded; name its price in KAIWA_PRICES` })
  }

  function uncast(persona: Persona, { kind, why, remedy }: BrainMissing): CastPersona {
    log.warn({ persona: persona.id }, `Nobody can talk with the persona ${persona.id}: ${remedy}.`)
    return { persona, able: false, kind, why }
  }

  async function reload() {
    const reading = await readFolder(own.dir, own.stamps)
    const isSame = reading.problem !== undefined || (reading.changed.length === 0 && reading.names.length === own.stamps.size)
    take(own, reading)
    if (isSame) return
    cast()
    log.info({ personas: current.size }, 'personas read again')
  }

  /** One at a time: two readings of one folder could end in the wrong order. */
  function reloadOnce(): Promise<void> {
    return reloading ??= reload().finally(() => { reloading = undefined })
  }

  for (const folder of folders) take(folder, readFolderNow(folder.dir))
  cast()
  return {
    list: () => [...current.values()],
    find: id => current.get(id),
    recall: ({ id, version }) => [current.get(id), former.get(id)].find(one => one?.persona.version === version) ?? current.get(id),
    reload: reloadOnce,
    watch() { watching ??= (options.watchFolder ?? watchFolder)(own.dir, reloadOnce) },
    close() { watching?.close() },
  }
}

type Entry = [id: string, persona: Persona]
const byId = ([one]: Entry, [other]: Entry) => Number(other === DEFAULT_PERSONA) - Number(one === DEFAULT_PERSONA) || (one < other ? -1 : 1)
