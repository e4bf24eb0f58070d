import { spawnSync } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { CheckoutCopy } from './checkout-copy.ts'
import type { Defence, NamedTests } from './defence.ts'

/** What came of taking one defence away. */
export type Verdict = { noticed: true, tests: number } | { noticed: false, why: string }

/** A test that waits for what never comes says so after this, and so does what cleans up behind it; the untouched ones run with it, too. */
const TEST_MS = 20_000
const HOOK_MS = 20_000
const RUN_MS = 10 * 60_000
/** Enough to see that the long runs notice. */
const FUZZ_RUNS = '3000'
/** A test that fails because the change broke the program proves nothing. */
const BROKEN = /ReferenceError|Transform failed|ended before it was ready|was not ready after/
const PROJECTS = ['unit', 'integration', 'e2e', 'e2e-pairs']
const USES_BUILT_SERVER = /besieged-kaiwa\.ts|kaiwa-server\.ts|\.output\//

interface Result { name: string, status: string, messages: string[] }

/** Whether one of these tests runs against the built server. */
export const usesBuiltServer = (root: string, tests: readonly NamedTests[]) => tests.some(({ file }) => USES_BUILT_SERVER.test(readFileSync(join(root, file), 'utf8')))

/** Takes a defence away, runs its tests, and gives it back. */
export function prove(copy: CheckoutCopy, { without, tests }: Defence): Verdict {
  const giveBack = copy.take(without, usesBuiltServer(copy.root, tests))
  try {
    return judge(run(copy.root, tests), tests)
  } finally {
    giveBack()
  }
}

/** The names that don't pass although nothing was taken away: they would prove nothing. */
export function failingAnyway(copy: CheckoutCopy, tests: readonly NamedTests[]): string[] {
  const byFile = new Map<string, { names: Set<string>, after: readonly string[] }>()
  for (const { file, names, after = [] } of tests) {
    const before = byFile.get(file)
    byFile.set(file, { names: new Set([...before?.names ?? [], ...names]), after: [...before?.after ?? [], ...after] })
  }
  return [...byFile].flatMap(([file, { names, after }]) => {
    const results = run(copy.root, [{ file, names: [...names], after }])
    return [...names].filter(name => {
      const named = results.get(file)?.filter(result => result.name.includes(name)) ?? []
      return named.length === 0 || named.some(({ status }) => status !== 'passed')
    }).map(name => `${file}: ${name}`)
  })
}

function judge(results: ReadonlyMap<string, Result[]>, tests: readonly NamedTests[]): Verdict {
  let count = 0
  for (const { file, names } of tests) {
    for (const name of names) {
      const named = results.get(file)?.filter(result => result.name.includes(name)) ?? []
      const passed = named.filter(({ status }) => status === 'passed')
      if (passed.length > 0) return { noticed: false, why: `${file} still passes: ${passed.map(result => result.name).join('; ')}` }
      const failed = named.filter(({ status }) => status === 'failed')
      if (failed.length === 0) return { noticed: false, why: `${file} ran no test called: ${name}` }
      const broken = failed.flatMap(({ messages }) => messages).find(message => BROKEN.test(message))
      if (broken) return { noticed: false, why: `${name} failed because the change breaks the program: ${broken.split('\n')[0]}` }
      count += failed.length
    }
  }
  return { noticed: true, tests: count }
}

/** Runs just these tests; their results by file. */
function run(root: string, tests: readonly NamedTests[]): Map<string, Result[]> {
  const report = join(root, 'node_modules/.proof.json')
  rmSync(report, { force: true })
  const files = [...new Set(tests.map(({ file }) => file))]
  const pattern = tests.flatMap(({ names, after = [] }) => [...after, ...names]).map(patternOf).join('|')
  const { stdout, stderr } = spawnSync(process.execPath, [
    'node_modules/vitest/vitest.mjs', 'run', ...files, ...PROJECTS.flatMap(name => ['--project', name]), '-t', pattern,
    `--testTimeout=${TEST_MS}`, `--hookTimeout=${HOOK_MS}`, '--no-file-parallelism', '--reporter=json', `--outputFile.json=${report}`,
  ], { cwd: root, encoding: 'utf8', timeout: RUN_MS, maxBuffer: 256e6, env: { ...process.env, KAIWA_FUZZ_RUNS: FUZZ_RUNS, NODE_ENV: 'test' } })
  try {
    return resultsIn(JSON.parse(readFileSync(report, 'utf8')) as Report, root)
  } catch {
    throw new Error(`vitest left no report:\n${stdout}${stderr}`)
  }
}

/** vitest looks for it in the full name, where `>` stands between the parts, and reports that name with blanks. */
const patternOf = (name: string) => name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replaceAll(' ', ' (?:> )?')

interface Report { testResults: { name: string, assertionResults: { fullName: string, status: string, failureMessages: string[] }[] }[] }

const resultsIn = ({ testResults }: Report, root: string) => new Map(testResults.map(({ name, assertionResults }) => [
  name.slice(root.length + 1),
  assertionResults.map(({ fullName, status, failureMessages }) => ({ name: fullName, status, messages: failureMessages })),
]))
