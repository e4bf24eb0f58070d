// `npm test`: every gate, in the order in which a failure is cheapest to see. Ends with one line that sums them up.
import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { ensureBrowser } from './steps/browser.mjs'
import { ensureBuilt } from './steps/build.mjs'
import { ensureHearing } from './steps/hearing.mjs'
import { ensureInstalled, projectEnv } from './steps/install.mjs'
import { ensurePostgres } from './steps/postgres.mjs'
import { reportFailure, seconds } from './steps/step.mjs'

process.chdir(fileURLToPath(new URL('..', import.meta.url)))
const REPORTS = 'node_modules/.cache/kaiwa-tests'
/** @typedef {{ name: string, command: string, args: string[], report?: string }} Gate */

/** @type {(name: string) => Gate} */
const vitest = name => ({
  name,
  command: 'node',
  args: ['node_modules/vitest/vitest.mjs', 'run', '--project', name, '--reporter=default', '--reporter=json', `--outputFile.json=${REPORTS}/${name}.json`],
  report: `${REPORTS}/${name}.json`,
})
/** @type {Gate[]} */
const gates = [
  { name: 'lint', command: 'eslint', args: ['.', '--max-warnings', '0'] },
  { name: 'types', command: 'node', args: ['scripts/typecheck.mjs'] },
  { name: 'unused code', command: 'knip', args: [] },
  vitest('unit'), vitest('contract'), vitest('integration'), vitest('e2e'), vitest('e2e-pairs'),
]

/** @param {Gate} gate @param {NodeJS.ProcessEnv} env @returns {Promise<boolean>} */
function passes(gate, env) {
  return new Promise(resolve => {
    const child = spawn(gate.command, gate.args, { env, stdio: ['ignore', 'inherit', 'inherit'], shell: process.platform === 'win32' })
    child.on('error', error => { console.error(error.message); resolve(false) })
    child.on('close', code => resolve(code === 0))
  })
}

/** A gate without a report counts as one test; a report that says nothing of a failure doesn't hide it. */
function counts(gate, passed) {
  const one = { passed: Number(passed), failed: Number(!passed), skipped: 0 }
  if (!gate.report) return one
  try {
    const { numPassedTests, numFailedTests, numPendingTests, numTodoTests } = JSON.parse(readFileSync(gate.report, 'utf8'))
    return { passed: numPassedTests, failed: passed ? numFailedTests : Math.max(1, numFailedTests), skipped: numPendingTests + numTodoTests }
  } catch {
    return one
  }
}

async function runGates(env) {
  const total = { passed: 0, failed: 0, skipped: 0 }
  for (const gate of gates) {
    const startedMs = Date.now()
    console.log(`\n── ${gate.name}`)
    const passed = await passes(gate, env)
    const gateCounts = counts(gate, passed)
    for (const key of Object.keys(total)) total[key] += gateCounts[key]
    console.log(`── ${gate.name}: ${passed ? 'passed' : 'FAILED'} in ${seconds(startedMs)}`)
  }
  return total
}

try {
  await ensureInstalled({ withTools: true })
  for (const undone of [await ensureHearing(), await ensurePostgres()]) if (undone) console.log(`  ${undone}`)
  const browser = await ensureBrowser()
  await ensureBuilt()
  rmSync(REPORTS, { recursive: true, force: true })
  mkdirSync(REPORTS, { recursive: true })
  const total = await runGates({ ...projectEnv(), CHROMIUM_PATH: browser })
  console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`)
  process.exitCode = total.failed ? 1 : 0
} catch (error) {
  reportFailure(error)
  console.log('\n0 passed, 1 failed, 0 skipped')
}
