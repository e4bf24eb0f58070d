/**
 * The thirteen system calls that Flite's WebAssembly build imports, over memory alone: arguments in, one file out. Not for other programs.
 * `node:wasi` would do, but prints an "experimental" warning and hands out the real file system.
 * Calls and codes: WASI preview 1, https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md
 */
const SUCCESS = 0
const BADF = 8
const NOENT = 44
const ISDIR_RIGHTS = 0x1fff_ffffn
const FILETYPE_DIRECTORY = 3
const FILETYPE_REGULAR = 4
const FILETYPE_CHARACTER = 2
const STDERR = 2
const ROOT = 3
const OUTPUT = 4
const OFLAG_CREATE = 1

/** Audio of one clause: 60 s at 16 kHz. A program that writes more is stopped. */
const MAX_OUTPUT_BYTES = 60 * 16_000 * 2 + 64

type PathOpenArguments = [
  directory: number, lookup: number, path: number, pathLength: number, flags: number, rights: bigint, inherited: bigint, fdFlags: number, openedAt: number,
]

/** Thrown through the program by its own `exit`. */
export class ProgramExit extends Error {
  readonly code: number
  constructor(code: number) {
    super(`the program ended with code ${code}`)
    this.code = code
  }
}

export interface WasiProgram {
  /** By name, as the module `wasi_snapshot_preview1`. */
  calls: Record<string, unknown>
  /** Before the start: the memory that the calls read and write. */
  attach(memory: WebAssembly.Memory): void
  /** What the program wrote to its one file. */
  output(): Uint8Array
  /** The last of what it said on standard error, at most 2 kB. */
  complaint(): string
}

/** A program's view of the world: `args`, no environment, no input, one writable file in `/`. */
export function createWasiProgram(args: string[]): WasiProgram {
  const argv = args.map(arg => new TextEncoder().encode(`${arg}\0`))
  const file = createOutputFile()
  let memory: WebAssembly.Memory
  let complaint = ''
  // The buffer is replaced whenever the program grows its memory: never keep a view.
  const view = () => new DataView(memory.buffer)
  const bytes = (at: number, length: number) => new Uint8Array(memory.buffer, at, length)

  const write = (descriptor: number, vectors: number, count: number, writtenAt: number) => {
    let written = 0
    for (let i = 0; i < count; i++) {
      const piece = bytes(view().getUint32(vectors + i * 8, true), view().getUint32(vectors + i * 8 + 4, true))
      if (descriptor === OUTPUT) file.write(piece)
      else if (descriptor === STDERR) complaint = (complaint + new TextDecoder().decode(piece)).slice(-2048)
      written += piece.length
    }
    view().setUint32(writtenAt, written, true)
    return SUCCESS
  }

  const calls = {
    args_sizes_get(countAt: number, sizeAt: number) {
      view().setUint32(countAt, argv.length, true)
      view().setUint32(sizeAt, argv.reduce((sum, arg) => sum + arg.length, 0), true)
      return SUCCESS
    },
    args_get(pointersAt: number, textAt: number) {
      argv.reduce((at, arg, index) => {
        view().setUint32(pointersAt + index * 4, at, true)
        bytes(at, arg.length).set(arg)
        return at + arg.length
      }, textAt)
      return SUCCESS
    },
    clock_time_get(_clock: number, _precision: bigint, timeAt: number) {
      view().setBigUint64(timeAt, 0n, true)
      return SUCCESS
    },
    fd_close: () => SUCCESS,
    fd_fdstat_get(descriptor: number, statAt: number) {
      if (descriptor > OUTPUT) return BADF
      bytes(statAt, 24).fill(0)
      view().setUint8(statAt, descriptor === ROOT ? FILETYPE_DIRECTORY : descriptor === OUTPUT ? FILETYPE_REGULAR : FILETYPE_CHARACTER)
      view().setBigUint64(statAt + 8, ISDIR_RIGHTS, true)
      view().setBigUint64(statAt + 16, ISDIR_RIGHTS, true)
      return SUCCESS
    },
    fd_fdstat_set_flags: () => SUCCESS,
    fd_prestat_get(descriptor: number, prestatAt: number) {
      if (descriptor !== ROOT) return BADF
      view().setUint32(prestatAt, 0, true)
      view().setUint32(prestatAt + 4, 1, true)
      return SUCCESS
    },
    fd_prestat_dir_name(descriptor: number, nameAt: number, length: number) {
      if (descriptor !== ROOT) return BADF
      bytes(nameAt, length).set(new TextEncoder().encode('/').subarray(0, length))
      return SUCCESS
    },
    fd_read(_descriptor: number, _vectors: number, _count: number, readAt: number) {
      view().setUint32(readAt, 0, true)
      return SUCCESS
    },
    fd_seek(descriptor: number, offset: bigint, whence: number, positionAt: number) {
      if (descriptor !== OUTPUT) return BADF
      view().setBigUint64(positionAt, BigInt(file.seek(Number(offset), whence)), true)
      return SUCCESS
    },
    fd_write: write,
    path_open(...[, , , , flags, , , , openedAt]: PathOpenArguments) {
      if ((flags & OFLAG_CREATE) === 0) return NOENT
      file.seek(0, 0)
      view().setUint32(openedAt, OUTPUT, true)
      return SUCCESS
    },
    proc_exit(code: number): never { throw new ProgramExit(code) },
  }

  return {
    calls,
    attach(own) { memory = own },
    output: () => file.content(),
    complaint: () => complaint.trim(),
  }
}

function createOutputFile() {
  let buffer = new Uint8Array(256 * 1024)
  let length = 0
  let position = 0
  return {
    write(piece: Uint8Array) {
      const end = position + piece.length
      if (end > MAX_OUTPUT_BYTES) throw new RangeError('the program wrote more than 60 s of audio')
      if (end > buffer.length) {
        const larger = new Uint8Array(Math.max(end, buffer.length * 2))
        larger.set(buffer)
        buffer = larger
      }
      buffer.set(piece, position)
      position = end
      length = Math.max(length, end)
    },
    seek(offset: number, whence: number) {
      position = Math.max(0, offset + (whence === 1 ? position : whence === 2 ? length : 0))
      return position
    },
    content: () => buffer.slice(0, length),
  }
}
