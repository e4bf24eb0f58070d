/**
 * `npm run prove`: takes each defence away, one at a time, in a copy of this checkout, and sees its tests fail.
 * `--only=word` takes those whose theme, row or file has the word; `--copy=folder` keeps the copy, so that the next run needn't build.
 */
import { mkdtempSync, readFileSync, realpathSync, rmSync, mkdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { themes } from './all-defences.ts'
import { copyCheckout, type CheckoutCopy } from './checkout-copy.ts'
import { occurrences, type Defence } from './defence.ts'
import { failingAnyway, prove } from './proof.ts'

interface Chosen { theme: string, defence: Defence }

const { values: { only = '', copy: keptAt } } = parseArgs({ options: { only: { type: 'string' }, copy: { type: 'string' } } })
const isWanted = ({ theme, defence }: Chosen) => JSON.stringify([theme, defence]).toLowerCase().includes(only.toLowerCase())
const chosen = Object.entries(themes).flatMap(([theme, defences]) => defences.map(defence => ({ theme, defence }))).filter(isWanted)
const seconds = (fromMs: number) => `${((performance.now() - fromMs) / 1000).toFixed(0)} s`

const isWhole = ({ defence }: Chosen) => defence.without.every(({ file, find }) => occurrences(readFileSync(file, 'utf8'), find) === 1)

function proveAll(copy: CheckoutCopy) {
  const count: Record<string, { noticed: number, of: number }> = {}
  const anyway = failingAnyway(copy, chosen.flatMap(({ defence }) => defence.tests))
  for (const name of anyway) console.log(`FAILS ANYWAY  ${name}`)
  for (const each of chosen) {
    const { theme, defence } = each
    const startedMs = performance.now()
    const verdict = isWhole(each) ? prove(copy, defence) : { noticed: false as const, why: 'the piece to take away is no longer there exactly once' }
    const sum = count[theme] ??= { noticed: 0, of: 0 }
    sum.of++
    sum.noticed += Number(verdict.noticed)
    console.log(`${verdict.noticed ? 'noticed ' : 'SURVIVED'}  ${theme}: ${defence.row}  (${verdict.noticed ? `${verdict.tests} tests` : verdict.why}, ${seconds(startedMs)})`)
  }
  return { count, anyway: anyway.length }
}

const startedMs = performance.now()
if (keptAt) mkdirSync(keptAt, { recursive: true })
const root = realpathSync(keptAt ?? mkdtempSync(join(tmpdir(), 'kaiwa-proof-')))
try {
  const { count, anyway } = proveAll(copyCheckout(process.cwd(), root))
  for (const [theme, { noticed, of }] of Object.entries(count)) console.log(`${theme}: ${noticed} of ${of}`)
  const survived = Object.values(count).reduce((sum, { noticed, of }) => sum + of - noticed, 0)
  console.log(`prove: ${chosen.length} defences, ${chosen.length - survived} noticed when gone, ${survived} survived, ${anyway} tests failing anyway, in ${seconds(startedMs)}`)
  process.exitCode = survived + anyway > 0 || chosen.length === 0 ? 1 : 0
} finally {
  if (!keptAt) rmSync(root, { recursive: true, force: true })
}
