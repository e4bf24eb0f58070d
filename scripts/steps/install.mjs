// Installs exactly what the lock file says, when it isn't there yet. Runs under the machine's own Node (20 or newer).
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { runStep, StepFailure } from './step.mjs'

const STAMP = 'node_modules/.kaiwa-installed'
const OLDEST_NODE = 20

const wanted = () => createHash('sha256')
  .update(readFileSync('package-lock.json')).update(readFileSync('package.json')).update(`${process.platform}-${process.arch}`).digest('hex')

export function checkNode() {
  if (Number(process.versions.node.split('.')[0]) >= OLDEST_NODE) return
  throw new StepFailure({
    what: 'This Node is too old',
    why: `Kaiwa starts with Node ${OLDEST_NODE} or newer, this is ${process.versions.node}.`,
    remedy: 'Install Node 20 or newer (https://nodejs.org) and run the command again; Kaiwa brings the exact version that it runs on.',
  })
}

export async function ensureInstalled() {
  checkNode()
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === wanted()) return
  await runStep({
    label: 'Installing packages (about 700 MB, once)',
    command: 'npm',
    // dev packages too, even under NODE_ENV=production: the build needs them.
    args: ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'],
    timeoutMs: 15 * 60_000,
    remedy: 'Check that the npm registry can be reached (npm ping) and that the disk has 1 GB free, then run the command again.',
  })
  writeFileSync(STAMP, wanted())
}

/** The environment in which our own Node and tools come first. @returns {NodeJS.ProcessEnv} */
export function projectEnv() {
  const separator = process.platform === 'win32' ? ';' : ':'
  return { ...process.env, PATH: `${process.cwd()}/node_modules/.bin${separator}${process.env.PATH ?? ''}` }
}
