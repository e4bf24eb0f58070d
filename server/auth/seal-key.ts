import { randomBytes } from 'node:crypto'
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const KEY_BYTES = 32
const FILE = 'seal-key'

/**
 * The key (32 bytes) that seals sign-in cookies and hides persons' ids from providers: `<dataDir>/seal-key`, hexadecimal, for
 * this user's eyes only, made when it isn't there. A folder that can't be used is told in a sentence to `warn`; then the key
 * lasts as long as the process, and so do sign-ins.
 */
export function readSealKey(dataDir: string, warn: (sentence: string) => void = () => undefined): Buffer {
  const path = join(dataDir, FILE)
  try {
    return keyIn(path) ?? makeKey(dataDir, path)
  } catch (error) {
    warn(`The key that seals sign-ins can't be kept in ${path} (${(error as NodeJS.ErrnoException).code ?? (error as Error).message}): everyone has to sign in again after a restart. Check KAIWA_DATA_DIR.`)
    return randomBytes(KEY_BYTES)
  }
}

/** @throws when it is there and no key */
function keyIn(path: string): Buffer | undefined {
  let text: string
  try {
    text = readFileSync(path, 'utf8').trim()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  if (!/^[\da-f]{64}$/.test(text)) throw new Error('not 64 hexadecimal digits')
  // A copied folder may have lost it.
  chmodSync(path, 0o600)
  return Buffer.from(text, 'hex')
}

function makeKey(dataDir: string, path: string): Buffer {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  try {
    writeFileSync(path, `${randomBytes(KEY_BYTES).toString('hex')}\n`, { flag: 'wx', mode: 0o600 })
  } catch (error) {
    // Another process of ours was faster: its key is the one.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  return keyIn(path)!
}
