/**
 * The embedded engine with 1, 4 and 10 callers who talk at once: from the end of speech, as the VAD tells it, to the first audio of the
 * answer; CPU; memory. Run with `npx node bench/callers.ts` (`--json` for one line of figures; `--seconds 20` for a quick look).
 *
 * Every caller's microphone is always open, 100 ms a frame at real-time pace, and every ten seconds somebody's recording is heard in it.
 * Each number of callers has a process of its own, bundled like the server. No server, no network.
 */
import { execFile } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import type { CallersFigures } from './callers-process.ts'
import { bundleWorkers } from './engine-workers.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const bundle = join(root, 'node_modules/.cache/kaiwa-bench-callers')
const CALLERS = [1, 4, 10]
const DEFAULT_SECONDS = 60

const option = (name: string) => process.argv.includes(name) ? process.argv[process.argv.indexOf(name) + 1] : undefined

async function measure(callers: number, seconds: number, file: string, workers: { ears: URL, voice: URL }): Promise<CallersFigures> {
  const args = [file, JSON.stringify({
    callers, seconds,
    assetsDir: join(root, 'server/engine/models'), modelsDir: join(root, 'data/models'), speechDir: join(root, 'test/fixtures/speech'),
    ears: workers.ears.href, voice: workers.voice.href,
  })]
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: (seconds + 120) * 1000 })
  return JSON.parse(stdout.trim().split('\n').at(-1)!) as CallersFigures
}

function print(all: CallersFigures[]): void {
  const [first, last] = [all[0]!, all.at(-1)!]
  const furtherMb = (many: CallersFigures) => (many.peakMb - first.peakMb) / (many.callers - 1)
  const row = (cells: (string | number)[]) => console.log(cells.map(cell => String(cell).padStart(10)).join(''))
  console.log(`\n${first.by}\n\nend of speech → first audio, ms; CPU seconds of a caller's minute; resident MB`)
  row(['callers', 'answered', 'p50', 'p95', 'worst', 'CPU', 'ready', 'peak', 'a further'])
  for (const one of all) {
    const { callers, turns, answered, p50Ms, p95Ms, worstMs, cpuSecondsPerCallerMinute, readyMb, peakMb } = one
    const times = [p50Ms, p95Ms, worstMs].map(ms => ms.toFixed(0))
    row([callers, `${answered}/${turns}`, ...times, cpuSecondsPerCallerMinute.toFixed(1), readyMb.toFixed(0), peakMb.toFixed(0), one === first ? '–' : furtherMb(one).toFixed(1)])
  }
  console.log(`goals: one caller p50 ≤ 500 ms (${first.p50Ms.toFixed(0)}), ${last.callers} callers at most twice that (${(last.p50Ms / first.p50Ms).toFixed(1)} times);`)
  console.log(`       first caller ≤ 350 MB (${(first.peakMb - first.emptyMb).toFixed(0)} beyond Node alone), a further one ≤ 40 (${furtherMb(last).toFixed(1)})`)
}

const workers = await bundleWorkers(bundle)
const file = join(bundle, 'callers-process.mjs')
await build({ entryPoints: [join(root, 'bench/callers-process.ts')], outfile: file, bundle: true, platform: 'node', format: 'esm', external: ['koffi', 'sherpa-onnx-node'] })
const figures: CallersFigures[] = []
for (const callers of CALLERS) figures.push(await measure(callers, Number(option('--seconds') ?? DEFAULT_SECONDS), file, workers))
print(figures)
if (process.argv.includes('--json')) console.log(JSON.stringify(figures))
rmSync(bundle, { recursive: true, force: true })
