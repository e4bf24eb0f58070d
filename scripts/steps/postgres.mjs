// A PostgreSQL for the store's tests; each starts one of its own, in a temporary folder.
import { existsSync, readdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { aptInstall, mayInstall } from './debian.mjs'

const DEBIAN = '/usr/lib/postgresql'

function isThere() {
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN).map(version => join(DEBIAN, version, 'bin')) : []
  return [...versions, ...(process.env.PATH ?? '').split(delimiter)].some(folder => existsSync(join(folder, 'initdb')))
}

/**
 * Never fails the tests: without it those that need it are counted as skipped.
 * @returns {Promise<string | undefined>} a sentence for the terminal when something stayed undone
 */
export async function ensurePostgres() {
  if (isThere()) return
  const permission = mayInstall()
  const byHand = 'apt-get install postgresql'
  if (!permission.may) return `PostgreSQL is not installed (${permission.why}): the tests that need it are skipped. On Debian or Ubuntu: ${byHand}`
  try {
    await aptInstall('Installing PostgreSQL for the store’s tests', ['postgresql'])
  } catch (error) {
    return `PostgreSQL could not be installed (${error.what ?? error.message}): the tests that need it are skipped. By hand: ${byHand}`
  }
}
