// Installs exactly what the lock file says, when it isn't there yet. Runs under the machine's own Node (20 or newer).
import { existsSync, readFileSync } from 'node:fs'
import { runStep, StepFailure } from './step.mjs'

const OLDEST_NODE = 20
/** npm's own record of what it has installed; npm writes it when it is done. */
const RECORD = 'node_modules/.package-lock.json'
/** Brought by an install script, the last thing of an installation that can go missing. */
const OWN_NODE = 'node_modules/node/bin/node'

/** Whether what is installed is at least what the lock file says; packages for other platforms are left out of the record. */
function isInstalled(withTools) {
  if (!existsSync(RECORD) || !(existsSync(OWN_NODE) || existsSync(`${OWN_NODE}.exe`))) return false
  const versions = file => JSON.parse(readFileSync(file, 'utf8')).packages
  const installed = versions(RECORD)
  return Object.entries(versions('package-lock.json')).every(([path, { version, optional, dev, devOptional }]) =>
    !path.startsWith('node_modules/') || (dev && !withTools) || (installed[path] ? installed[path].version === version : optional || devOptional))
}

export function checkNode() {
  if (Number(process.versions.node.split('.')[0]) >= OLDEST_NODE) return
  throw new StepFailure({
    what: 'This Node is too old',
    why: `Kaiwa starts with Node ${OLDEST_NODE} or newer, this is ${process.versions.node}.`,
    remedy: 'Install Node 20 or newer (https://nodejs.org) and run the command again; Kaiwa brings the exact version that it runs on.',
  })
}

/** @param {{ withTools: boolean }} options tools: what only tests and checks need */
export async function ensureInstalled({ withTools }) {
  checkNode()
  if (isInstalled(withTools)) return
  await runStep({
    label: `Installing packages (about ${withTools ? 700 : 600} MB, once)`,
    command: 'npm',
    args: ['ci', withTools ? '--include=dev' : '--omit=dev', '--no-audit', '--no-fund', '--loglevel=error'],
    timeoutMs: 15 * 60_000,
    remedy: 'Check that the npm registry can be reached (npm ping) and that the disk has 1 GB free, then run the command again.',
  })
}

/** The environment in which our own Node and tools come first. @returns {NodeJS.ProcessEnv} */
export function projectEnv() {
  const separator = process.platform === 'win32' ? ';' : ':'
  return { ...process.env, PATH: `${process.cwd()}/node_modules/.bin${separator}${process.env.PATH ?? ''}` }
}
