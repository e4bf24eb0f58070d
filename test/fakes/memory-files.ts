import type { SpoolFiles } from '../../server/journal/spool-files.ts'

/** A disk in memory for a spool, that fills up and breaks as a test says. */
export interface MemoryFiles extends SpoolFiles {
  /** What is on it, by name. */
  readonly files: ReadonlyMap<string, Buffer>
  /** So many bytes more can be written. @default unbounded */
  freeBytes: number
  /** The next operations fail with this, until it is taken away. */
  broken: 'EIO' | 'EROFS' | undefined
  readonly writes: number
  /** As a crash leaves it: the last bytes of the newest file aren't there. */
  cutOff(bytes: number): void
}

const failure = (code: string) => Object.assign(new Error(code), { code })

export function createMemoryFiles(): MemoryFiles {
  const files = new Map<string, Buffer>()
  const open = new Map<number, string>()
  let lastFile = 0
  let writes = 0
  const nameOf = (file: number) => {
    const name = open.get(file)
    if (name === undefined) throw failure('EBADF')
    return name
  }
  const checked = () => { if (disk.broken) throw failure(disk.broken) }
  const disk: MemoryFiles = {
    files,
    freeBytes: Infinity,
    broken: undefined,
    get writes() { return writes },
    cutOff(bytes) {
      const name = [...files.keys()].sort().at(-1)!
      files.set(name, files.get(name)!.subarray(0, -bytes))
    },
    list: () => [...files].map(([name, { length: bytes }]) => ({ name, bytes })),
    create(name) {
      checked()
      if (files.has(name)) throw failure('EEXIST')
      files.set(name, Buffer.alloc(0))
      open.set(++lastFile, name)
      return lastFile
    },
    write(file, bytes) {
      checked()
      writes++
      const taken = Math.min(bytes.length, disk.freeBytes)
      if (taken === 0) throw failure('ENOSPC')
      disk.freeBytes -= taken
      files.set(nameOf(file), Buffer.concat([files.get(nameOf(file))!, bytes.subarray(0, taken)]))
      return taken
    },
    truncate(file, bytes) {
      checked()
      const name = nameOf(file)
      disk.freeBytes += files.get(name)!.length - bytes
      files.set(name, files.get(name)!.subarray(0, bytes))
    },
    close(file) { open.delete(file) },
    remove(name) {
      disk.freeBytes += files.get(name)?.length ?? 0
      files.delete(name)
    },
    async read(name, fromByte, maxBytes) {
      checked()
      const bytes = files.get(name)
      if (!bytes) throw failure('ENOENT')
      return bytes.subarray(fromByte, fromByte + maxBytes)
    },
  }
  return disk
}
