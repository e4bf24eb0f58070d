import { accessSync, chmodSync, closeSync, constants, ftruncateSync, mkdirSync, openSync, readdirSync, statSync, unlinkSync, writeSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'

/** What a spool asks of a disk. All but `read` are done when they return; all throw what the system says. */
export interface SpoolFiles {
  list(): { name: string, bytes: number }[]
  /** A new file, to be appended to. @throws EEXIST */
  create(name: string): number
  /** Like `write(2)`: how many were taken. */
  write(file: number, bytes: Uint8Array): number
  truncate(file: number, bytes: number): void
  close(file: number): void
  remove(name: string): void
  /** At most so many bytes from there; fewer at the end. */
  read(name: string, fromByte: number, maxBytes: number): Promise<Buffer>
}

/** A folder that only we may look into. @throws when it can't be made or written to */
export function openSpoolFolder(dir: string): SpoolFiles {
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  chmodSync(dir, 0o700)
  accessSync(dir, constants.R_OK | constants.W_OK | constants.X_OK)
  return {
    list: () => readdirSync(dir).map(name => ({ name, bytes: statSync(join(dir, name)).size })),
    create: name => openSync(join(dir, name), 'ax', 0o600),
    write: (file, bytes) => writeSync(file, bytes),
    truncate: ftruncateSync,
    close: closeSync,
    remove: name => unlinkSync(join(dir, name)),
    async read(name, fromByte, maxBytes) {
      const handle = await open(join(dir, name), 'r')
      try {
        const bytes = Buffer.allocUnsafe(maxBytes)
        const { bytesRead } = await handle.read(bytes, 0, maxBytes, fromByte)
        return bytes.subarray(0, bytesRead)
      } finally {
        await handle.close()
      }
    },
  }
}
