/** One large file over HTTP into a file beside its place: goes on where it was cut, and is whole or not there. */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, open, readFile, rm, stat, writeFile, type FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { describeFileError, ModelError } from './model-error.ts'

export interface ArchiveDownload {
  url: string
  /** Where the bytes go; a part of them from an earlier try is continued. */
  partFile: string
  onProgress?: (bytes: number, ofBytes: number | undefined) => void
  /** @default globalThis.fetch */
  fetch?: typeof globalThis.fetch
  /** `connect`: until the headers. `betweenPieces`: from one piece to the next. @default 30000 each */
  timeoutMs?: { connect?: number, betweenPieces?: number }
  /** After a break, before the next try. @default 1000 */
  retryDelayMs?: number
}

/** Tries in a row that brought nothing. A cut after some bytes begins a new row. */
const MAX_VAIN_TRIES = 4
/** The largest pack that is published has 1 GB. Full ⇒ given up. */
const MAX_BYTES = 8 * 1024 ** 3

/** The connection failed: worth another try. */
class Broken extends Error {}

/**
 * Resolves with the SHA-256 of the whole file, in hexadecimal.
 * @throws ModelError when the server refuses, the connection keeps breaking (the part stays for the next time), or the disk is full.
 */
export async function downloadArchive(download: ArchiveDownload): Promise<string> {
  await mkdir(dirname(download.partFile), { recursive: true }).catch((error: unknown) => { throw fileError(download.partFile, error) })
  let vain = 0
  for (;;) {
    const before = await sizeOf(download.partFile)
    try {
      await fetchRest(download, before)
      return await sha256Of(download.partFile)
    } catch (error) {
      if (!(error instanceof Broken)) throw error
      vain = await sizeOf(download.partFile) > before ? 0 : vain + 1
      if (vain >= MAX_VAIN_TRIES) throw new ModelError(`The download from ${download.url} failed ${vain} times (${error.message}). Run it again to go on where it stopped.`)
      await delay(download.retryDelayMs ?? 1_000)
    }
  }
}

export async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const piece of createReadStream(file)) hash.update(piece as Buffer)
  return hash.digest('hex')
}

const sizeOf = (file: string) => stat(file).then(({ size }) => size, () => 0)
const fileError = (file: string, error: unknown) => new ModelError(`${file} can't be written: ${describeFileError(error)}.`)

/** The version of the file that a part belongs to, as the server names it. */
const versionFile = (partFile: string) => `${partFile}.version`

async function fetchRest({ url, partFile, onProgress, fetch = globalThis.fetch, timeoutMs = {} }: ArchiveDownload, before: number): Promise<void> {
  const { connect = 30_000, betweenPieces = 30_000 } = timeoutMs
  const controller = new AbortController()
  const watch = createWatch(controller)
  try {
    watch.allow(connect)
    const version = before > 0 ? await readFile(versionFile(partFile), 'utf8').catch(() => '') : ''
    // Without a version to compare, a part may belong to another file: begin anew.
    const from = version ? before : 0
    const headers = from > 0 ? { range: `bytes=${from}-`, 'if-range': version } : undefined
    const response = await fetch(url, { headers, signal: controller.signal }).catch((error: unknown) => { throw new Broken(describeBreak(error)) })
    // An earlier run had all of it, and failed afterwards.
    if (response.status === 416 && from > 0 && response.headers.get('content-range') === `bytes */${from}`) return
    const begin = await beginOf(response, { url, from, partFile })
    const ofBytes = wholeLength(response, begin)
    if (begin === 0) await writeFile(versionFile(partFile), versionOf(response)).catch((error: unknown) => { throw fileError(partFile, error) })
    const file = await open(partFile, begin === 0 ? 'w' : 'a').catch((error: unknown) => { throw fileError(partFile, error) })
    try {
      await pour(response, { file, partFile, begin, ofBytes, onProgress, allowMore: () => watch.allow(betweenPieces) })
    } finally {
      await file.close()
    }
  } finally {
    watch.stop()
    controller.abort()
  }
}

/** Where this answer begins in the file. */
async function beginOf(response: Response, { url, from, partFile }: { url: string, from: number, partFile: string }): Promise<number> {
  const { status } = response
  if (status === 206 && Number(/^bytes (\d+)-/.exec(response.headers.get('content-range') ?? '')?.[1]) === from) return from
  if (status === 200) return 0
  void response.body?.cancel().catch(() => {})
  if (status === 206 || status === 416) {
    await rm(partFile, { force: true })
    throw new Broken('the server can\'t go on from where it stopped')
  }
  if (status === 408 || status === 429 || status >= 500) throw new Broken(`HTTP ${status}`)
  if (status === 404) throw new ModelError(`There is nothing at ${url} (HTTP 404). Check KAIWA_MODELS_URL, or look whether the model was renamed.`)
  throw new ModelError(`${url} was refused (HTTP ${status}). Check KAIWA_MODELS_URL.`)
}

function wholeLength(response: Response, begin: number): number | undefined {
  const length = Number(response.headers.get('content-length') ?? Number.NaN)
  // A length that is packed for transport says nothing about the file's.
  return Number.isFinite(length) && !response.headers.get('content-encoding') ? begin + length : undefined
}

/** A strong ETag, else the date: what `If-Range` takes. */
function versionOf({ headers }: Response): string {
  const etag = headers.get('etag')
  return etag && !etag.startsWith('W/') ? etag : headers.get('last-modified') ?? ''
}

interface Pouring { file: FileHandle, partFile: string, begin: number, ofBytes: number | undefined, onProgress: ArchiveDownload['onProgress'], allowMore(): void }

async function pour(response: Response, { file, partFile, begin, ofBytes, onProgress, allowMore }: Pouring): Promise<void> {
  let bytes = begin
  onProgress?.(bytes, ofBytes)
  const reader = response.body?.getReader()
  for (;;) {
    allowMore()
    const next = await reader?.read().catch((error: unknown) => { throw new Broken(describeBreak(error)) })
    if (!next || next.done) break
    bytes += next.value.length
    if (bytes > MAX_BYTES) throw new ModelError(`${response.url} has more than ${MAX_BYTES / 1024 ** 3} GB; that is no speech model.`)
    await file.writeFile(next.value).catch((error: unknown) => { throw fileError(partFile, error) })
    onProgress?.(bytes, ofBytes)
  }
  if (ofBytes !== undefined && bytes < ofBytes) throw new Broken(`cut off after ${bytes} of ${ofBytes} bytes`)
}

/** Ends the request when nothing comes for as long as was allowed last. */
function createWatch(controller: AbortController) {
  let timer: NodeJS.Timeout | undefined
  return {
    allow(ms: number) {
      clearTimeout(timer)
      timer = setTimeout(() => controller.abort(new Broken(`nothing came for ${ms / 1000} s`)), ms)
    },
    stop() { clearTimeout(timer) },
  }
}

function describeBreak(error: unknown): string {
  if (error instanceof Broken) return error.message
  const { code, message } = (error as { cause?: { code?: unknown, message?: unknown } } | undefined)?.cause ?? {}
  return [code, message, (error as Error | undefined)?.message].find(each => typeof each === 'string' && each !== '') as string | undefined ?? 'unknown reason'
}
