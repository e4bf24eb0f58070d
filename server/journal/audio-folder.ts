import { createReadStream } from 'node:fs'
import { mkdir, open, readdir, rename, rm, stat, type FileHandle } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Readable } from 'node:stream'
import type { Log } from '../log.ts'
import type { WireText } from '../relay/link.ts'
import { AudioError, isAudioKey, type AudioFile, type AudioKeeper, type AudioRange } from './audio-keeper.ts'
import type { Base64Place } from './audio-message.ts'

/** So much base64 is decoded and written at a time: 0.7 s of a voice at 24 kHz, more of others. */
const BATCH_BYTES = 64 * 1024
/** Decoded and not taken by the disk. Full ⇒ the recording stops: it would never catch up. */
const MAX_BACKLOG_BYTES = 4 * 1024 * 1024
/** A file that is being written. After a crash it is known to nobody. */
const PART = '.part'
const PADDING = 0x3D
const ID = /^[\w-]{1,128}$/

/** What of a file system is needed to write. */
export interface AudioDisk { create(path: string): Promise<Pick<FileHandle, 'write' | 'close'>>, finish(from: string, to: string): Promise<void> }

const disk: AudioDisk = {
  async create(path) {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    return open(path, 'wx', 0o600)
  },
  finish: rename,
}

export interface AudioFolderOptions { dir: string, log: Log, disk?: AudioDisk }

export interface AudioFolder extends AudioKeeper {
  /** Undefined: not here. */
  bytesOf(key: string): Promise<number | undefined>
  pathOf(key: string): string
  /** What is here, as keys. */
  keys(): Promise<string[]>
}

/** Keeps voices in a folder. */
export function createAudioFolder({ dir, log, disk: writer = disk }: AudioFolderOptions): AudioFolder {
  const pathOf = (key: string) => {
    if (!isAudioKey(key)) throw new AudioError('missing', 'There is no such recording.')
    return join(dir, key)
  }
  const under = new Set<Promise<unknown>>()
  const track = <T>(work: Promise<T>) => {
    under.add(work)
    return work.finally(() => under.delete(work))
  }

  const bytesOf = (key: string) => stat(pathOf(key)).then(({ size }) => size, () => undefined)

  async function read(key: string, range?: AudioRange): Promise<Readable> {
    const path = pathOf(key)
    if (await bytesOf(key) === undefined) throw new AudioError('missing', 'That recording is not there any more.')
    const handle = await open(path, 'r').catch(() => { throw new AudioError('unreadable', 'That recording can\'t be read.') })
    return createReadStream('', { fd: handle, autoClose: true, ...(range && { start: range.fromByte, end: range.toByte }) })
  }

  async function remove(path: string) {
    try {
      await rm(path, { recursive: true, force: true })
    } catch (error) {
      log.error({ code: (error as NodeJS.ErrnoException).code }, 'a recording that was to be deleted is still there')
    }
  }

  const forget = async (conversationId: string) => { if (ID.test(conversationId)) await remove(join(dir, conversationId)) }

  async function keys(ending = ''): Promise<string[]> {
    const names = await readdir(dir, { recursive: true }).catch(() => [])
    return names.filter(name => ending === '' ? isAudioKey(name) : name.endsWith(ending))
  }

  /** Of a crash: they were never told of. */
  async function sweep() {
    const parts = await keys(PART)
    await Promise.all(parts.map(name => remove(join(dir, name))))
    if (parts.length > 0) log.warn({ files: parts.length }, 'recordings that were cut off by the last end were removed')
  }

  return {
    pathOf,
    bytesOf,
    keys: () => keys(),
    read,
    begin: (key, onTrouble) => createAudioFile({ path: pathOf(key), disk: writer, onTrouble, track }),
    settle: () => undefined,
    forgetCall: async (conversationId, callId) => { if (ID.test(conversationId) && ID.test(callId)) await remove(join(dir, conversationId, callId)) },
    forget,
    async delete(wanted) { await Promise.all(wanted.filter(isAudioKey).map(key => remove(pathOf(key)))) },
    start: () => void sweep(),
    async close(withinMs) {
      await Promise.race([Promise.allSettled(under), new Promise(resolve => setTimeout(resolve, withinMs).unref())])
    },
  }
}

interface AudioFileOptions { path: string, disk: AudioDisk, onTrouble(why: string): void, track<T>(work: Promise<T>): Promise<T> }

/** Opens its file with the first batch; writes one batch after the other. */
function createAudioFile({ path, disk, onTrouble, track }: AudioFileOptions): AudioFile {
  let batch: Buffer | undefined
  let used = 0
  /** Where a piece ended with padding: what follows is decoded by itself. */
  let cuts: number[] = []
  let handle: Awaited<ReturnType<AudioDisk['create']>> | undefined
  let backlogBytes = 0
  let bytes = 0
  let broken = false
  let writing: Promise<void> = Promise.resolve()

  function add(text: WireText, { from, to }: Base64Place) {
    if (broken) return
    if (used + to - from > BATCH_BYTES) hand()
    if (to - from > BATCH_BYTES) return write(Buffer.from(typeof text === 'string' ? text.slice(from, to) : text.toString('latin1', from, to), 'base64'))
    batch ??= Buffer.allocUnsafe(BATCH_BYTES)
    if (typeof text === 'string') batch.write(text.slice(from, to), used, 'latin1')
    else text.copy(batch, used, from, to)
    used += to - from
    if (batch[used - 1] === PADDING) cuts.push(used)
  }

  /** To the disk, decoded. */
  function hand() {
    if (!batch || used === 0) return
    let from = 0
    for (const to of [...cuts, used]) {
      if (to > from) write(Buffer.from(batch.toString('latin1', from, to), 'base64'))
      from = to
    }
    used = 0
    cuts = []
  }

  function write(piece: Buffer): void {
    if (broken) return
    backlogBytes += piece.length
    if (backlogBytes > MAX_BACKLOG_BYTES) return fail('the disk is too slow')
    writing = writing.then(() => writeOne(piece))
  }

  async function writeOne(piece: Buffer) {
    if (broken && bytes === 0) return
    try {
      handle ??= await disk.create(`${path}${PART}`)
      for (let at = 0; at < piece.length;) at += (await handle.write(piece, at)).bytesWritten
      bytes += piece.length
    } catch (error) {
      fail(String((error as NodeJS.ErrnoException).code ?? 'unknown reason'))
    }
    backlogBytes -= piece.length
  }

  function fail(why: string) {
    if (broken) return
    broken = true
    onTrouble(why)
  }

  async function end(): Promise<number> {
    hand()
    await writing
    if (!handle) return 0
    try {
      await handle.close()
      await disk.finish(`${path}${PART}`, path)
      return bytes
    } catch (error) {
      fail(String((error as NodeJS.ErrnoException).code ?? 'unknown reason'))
      return 0
    }
  }

  return { add, end: () => track(end()) }
}
