// One step of the start or the tests: runs a command quietly, shows that it is alive, and explains a failure.
import { spawn } from 'node:child_process'

const HEARTBEAT_MS = 5_000
const KEPT_LINES = 30

/** A step failed: `what`, `why` (the command's last words) and `remedy` are printed, without a stack. */
export class StepFailure extends Error {
  /** @param {{ what: string, why: string, remedy: string }} parts */
  constructor({ what, why, remedy }) {
    super(what)
    this.what = what
    this.why = why
    this.remedy = remedy
  }
}

/** @param {number} sinceMs */
export const seconds = sinceMs => `${((Date.now() - sinceMs) / 1000).toFixed(1)} s`

/**
 * Runs a command. Its output is kept (last 30 lines) and shown only when it fails, or all of it with `KAIWA_VERBOSE`.
 * @param {{ label: string, command: string, args: string[], env?: NodeJS.ProcessEnv, timeoutMs: number, remedy: string }} step
 * @returns {Promise<void>} rejects with StepFailure
 */
export async function runStep({ label, command, args, env, timeoutMs, remedy }) {
  const startedMs = Date.now()
  process.stdout.write(`  ${label} …\n`)
  const heartbeat = setInterval(() => process.stdout.write(`    still at it, ${seconds(startedMs)}\n`), HEARTBEAT_MS)
  try {
    await finish({ label, command, args, env, timeoutMs, remedy })
    process.stdout.write(`  ${label}: done in ${seconds(startedMs)}\n`)
  } finally {
    clearInterval(heartbeat)
  }
}

/** @returns {Promise<void>} */
function finish({ label, command, args, env, timeoutMs, remedy }) {
  /** @type {string[]} */
  const lines = []
  const keep = data => {
    if (process.env.KAIWA_VERBOSE) process.stdout.write(data)
    lines.push(...String(data).split('\n').filter(Boolean))
    lines.splice(0, Math.max(0, lines.length - KEPT_LINES))
  }
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'], shell: process.platform === 'win32' })
    const fail = why => reject(new StepFailure({ what: `${label} failed`, why: [...lines, why].join('\n    '), remedy }))
    const timer = setTimeout(() => { child.kill(); fail(`gave up after ${timeoutMs / 60_000} minutes`) }, timeoutMs)
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
    child.on('error', error => { clearTimeout(timer); fail(error.message) })
    child.on('close', (code, signal) => {
      clearTimeout(timer)
      if (code === 0) resolve()
      else fail(signal ? `ended by ${signal}` : `exit code ${code}`)
    })
  })
}

/** Prints a failure for people and sets the exit code. @param {unknown} error */
export function reportFailure(error) {
  process.exitCode = 1
  if (!(error instanceof StepFailure)) {
    console.error(error)
    return
  }
  console.error(`\n${error.what}.\n    ${error.why}\n\nWhat to do: ${error.remedy}`)
}
