/** The models in KAIWA_MODELS_DIR: what is there, getting more, checking, removing. */
import { execFile } from 'node:child_process'
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { findSherpaPack } from '../engine/stt/sherpa-packs.ts'
import { findVoicePack } from '../engine/tts/voice-packs.ts'
import { downloadArchive, sha256Of, type ArchiveDownload } from './archive-download.ts'
import { archiveUrl, catalogue as publishedModels, PUBLISHER, type CatalogueModel } from './catalogue.ts'
import { describeFileError, ModelError } from './model-error.ts'

export interface ModelStoreOptions extends Pick<ArchiveDownload, 'fetch' | 'timeoutMs' | 'retryDelayMs'> {
  /** KAIWA_MODELS_DIR. Made when a model is downloaded. */
  dir: string
  /** KAIWA_MODELS_URL. @default the publisher's */
  baseUrl?: string
  catalogue?: readonly CatalogueModel[]
}

/** Not `known`: a folder that was put there by hand, or by another program. */
export type Listed = { name: string, installed: boolean } & ({ known: true, model: CatalogueModel } | { known: false })

export interface ModelStore {
  list(): Promise<Listed[]>
  /** Resolves with what was done. @throws ModelError */
  download(name: string, onProgress?: ArchiveDownload['onProgress']): Promise<'installed' | 'was there'>
  /** Every file against what was recorded at the download; one sentence. @throws ModelError that names the first fault */
  verify(name: string): Promise<string>
  /** @throws ModelError when it isn't there */
  remove(name: string): Promise<void>
}

/** Lies in the model's folder. */
interface Receipt { archive: string, archiveSha256: string, files: Record<string, string> }

const RECEIPT = 'kaiwa-model.json'
/** First seen checksums by name; kept when a model is removed, so that the next download is held against them. */
const CHECKSUMS = '.checksums.json'
/** A large archive on a slow machine takes some minutes: bzip2 is slow. */
const UNPACK_TIMEOUT_MS = 30 * 60_000

export function createModelStore({ dir, baseUrl = PUBLISHER, catalogue = publishedModels, ...how }: ModelStoreOptions): ModelStore {
  const folderOf = (name: string) => join(dir, checkedName(name))
  const isThere = (path: string) => stat(path).then(() => true, () => false)

  const seenChecksums = async () => await readJson<Record<string, string>>(join(dir, CHECKSUMS)) ?? {}

  /** What an archive must be, or what it was the first time; an unknown one passes. */
  const checkArchive = async (model: CatalogueModel, sha256: string, partFile: string) => {
    const expected = model.sha256 ?? (await seenChecksums())[model.name]
    if (expected === undefined || expected === sha256) return
    await rm(partFile, { force: true })
    const advice = model.sha256 ? 'Try again, or another mirror.' : `If its publisher renewed it, remove its line from ${join(dir, CHECKSUMS)}.`
    throw new ModelError(`The checksum of ${model.name} is wrong: ${sha256} instead of ${expected}${model.sha256 ? '' : ' as at its first download'}. It was thrown away. ${advice}`)
  }

  return {
    async list() {
      const folders = await readdir(dir, { withFileTypes: true }).catch(() => [])
      const there = folders.filter(entry => entry.isDirectory() && !entry.name.startsWith('.')).map(({ name }) => name)
      return [
        ...catalogue.map(model => ({ name: model.name, installed: there.includes(model.name), known: true as const, model })),
        ...there.filter(name => !catalogue.some(model => model.name === name)).map(name => ({ name, installed: true, known: false as const })),
      ]
    },
    async download(name, onProgress) {
      const model = catalogue.find(each => each.name === name)
      if (!model) throw new ModelError(`There is no model ${JSON.stringify(name)}; \`npm run models list\` names those that are known.`)
      if (await isThere(folderOf(name))) return 'was there'
      const url = archiveUrl(model, baseUrl)
      const partFile = join(dir, `.${name}.tar.bz2.part`)
      const sha256 = await downloadArchive({ url, partFile, onProgress, ...how })
      await checkArchive(model, sha256, partFile)
      await unpack(model, { dir, partFile, receipt: { archive: url, archiveSha256: sha256 } })
      await writeWhole(join(dir, CHECKSUMS), JSON.stringify({ ...await seenChecksums(), [name]: sha256 }, null, 2))
      return 'installed'
    },
    async verify(name) {
      const folder = folderOf(name)
      if (!await isThere(folder)) throw new ModelError(`${name} is not installed.`)
      const receipt = await readJson<Receipt>(join(folder, RECEIPT))
      if (!receipt) throw new ModelError(`${name} was not downloaded by \`npm run models\`: nothing is recorded to check it against.`)
      for (const [path, sha256] of Object.entries(receipt.files)) {
        const actual = await sha256Of(join(folder, path)).catch(() => undefined)
        if (actual !== sha256) throw new ModelError(`${name} is broken: ${path} ${actual ? 'was changed' : 'is missing'}. Remove it and download it again.`)
      }
      return `${name} is whole: ${Object.keys(receipt.files).length} files as they were downloaded.`
    },
    async remove(name) {
      const part = join(dir, `.${checkedName(name)}.tar.bz2.part`)
      const found = await isThere(folderOf(name)) || await isThere(part)
      if (!found) throw new ModelError(`${name} is not installed.`)
      for (const path of [part, `${part}.version`, folderOf(name)]) await rm(path, { recursive: true, force: true })
    },
  }
}

interface Unpacking { dir: string, partFile: string, receipt: Omit<Receipt, 'files'> }

/** The model appears in its place at once and whole, or not at all. */
async function unpack(model: CatalogueModel, { dir, partFile, receipt }: Unpacking): Promise<void> {
  const workshop = join(dir, `.unpack-${model.name}`)
  const folder = join(workshop, model.name)
  try {
    await rm(workshop, { recursive: true, force: true })
    await mkdir(workshop, { recursive: true })
    await untar(model.name, partFile, workshop)
    const search = model.stage === 'stt' ? findSherpaPack(workshop) : findVoicePack(workshop)
    if (!search.found) throw new ModelError(`The archive of ${model.name} holds no usable model. ${search.why}`)
    const files: Record<string, string> = {}
    for (const path of await filesIn(folder)) files[path] = await sha256Of(join(folder, path))
    await writeFile(join(folder, RECEIPT), JSON.stringify({ ...receipt, files } satisfies Receipt, null, 2))
    await rename(folder, join(dir, model.name))
    for (const path of [partFile, `${partFile}.version`]) await rm(path, { force: true })
  } catch (error) {
    throw error instanceof ModelError ? error : new ModelError(`${model.name} can't be put into ${dir}: ${describeFileError(error)}.`)
  } finally {
    await rm(workshop, { recursive: true, force: true }).catch(() => {})
  }
}

async function untar(name: string, archive: string, into: string): Promise<void> {
  try {
    await promisify(execFile)('tar', ['-xjf', archive, '-C', into], { timeout: UNPACK_TIMEOUT_MS })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw new ModelError('There is no `tar` to unpack the model with; install tar and bzip2.')
    const { stderr = '' } = error as { stderr?: string }
    if (/No space left/i.test(stderr)) throw new ModelError(`${name} can't be unpacked: the disk is full.`)
    if (/bzip2.*(?:not found|No such file|Cannot exec)/is.test(stderr)) throw new ModelError('There is no `bzip2` to unpack the model with; install it.')
    // Not to be continued: the next try begins anew.
    await rm(archive, { force: true })
    throw new ModelError(`The archive of ${name} can't be unpacked (${stderr.trim().split('\n')[0]?.slice(0, 200) || 'tar failed'}). It was thrown away; try again.`)
  }
}

/** Files below a folder, by their paths in it. Links are left out: what they lead to is checked in its own place. */
async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true })
  return entries.filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name).slice(folder.length + 1)).sort()
}

/** A name is one folder below the models', whatever was typed. */
function checkedName(name: string): string {
  if (!/^[\w-][\w.-]*$/.test(name)) throw new ModelError(`${JSON.stringify(name)} is no model's name.`)
  return name
}

async function readJson<T>(file: string): Promise<T | undefined> {
  const text = await readFile(file, 'utf8').catch(() => undefined)
  if (text === undefined) return undefined
  try {
    return JSON.parse(text) as T
  } catch {
    throw new ModelError(`${file} is broken; remove it.`)
  }
}

async function writeWhole(file: string, text: string): Promise<void> {
  await writeFile(`${file}.new`, text)
  await rename(`${file}.new`, file)
}
