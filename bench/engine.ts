/**
 * The embedded engine's stages alone: from the end of speech, as the VAD tells it, to the first audio of the answer; the recogniser's
 * word error rate; memory. Run with `npx node bench/engine.ts` (add `--json` for one line of figures). No server, no network.
 *
 * The silence that the turn detector waits for is not in the figure: it is a setting, not a cost.
 */
import { execFileSync } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import type { Responder } from '@kaiwa/engine'
import { createNodeStages, type NodeStages } from '../server/engine/stages.ts'
import { assistantSentences } from './engine-sentences.ts'
import { errorRate } from './engine-word-errors.ts'
import { bundleWorkers } from './engine-workers.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const speech = join(root, 'test/fixtures/speech')
const bundle = join(root, 'node_modules/.cache/kaiwa-bench')
const ROUNDS = 10
const SAMPLE_RATE = 16_000
/** Microphone pace: the recogniser works while the person speaks. */
const SLICE_MS = 100

interface Recording { said: string, samples: Float32Array }
interface Turn { transcriptMs: number, responderMs: number, voiceMs: number, totalMs: number, recognised: string }

const answering: Responder = {

  async* respond() { yield 'I heard you.' },
}

function readRecordings(): Recording[] {
  const rows = readFileSync(join(speech, 'transcripts.tsv'), 'utf8').trim().split('\n').slice(1)
  return rows.map(row => {
    const [name, said] = row.split('\t') as [string, string]
    const bytes = readFileSync(join(speech, name))
    return { said, samples: Float32Array.from({ length: (bytes.length - 44) >> 1 }, (_, i) => bytes.readInt16LE(44 + i * 2) / 32_768) }
  })
}

interface Memory { emptyMb: number, readyMb: number, firstCallerMb: number, furtherCallerMb: number }

/** In a process of its own, bundled like the server: this one holds a TypeScript compiler. */
async function measureMemory({ ears, voice }: { ears: URL, voice: URL }): Promise<Memory> {
  const outfile = join(bundle, 'engine-memory.mjs')
  await build({ entryPoints: [join(root, 'bench/engine-memory.ts')], outfile, bundle: true, platform: 'node', format: 'esm', external: ['koffi', 'sherpa-onnx-node'] })
  const args = [outfile, join(root, 'server/engine/models'), fileURLToPath(ears), fileURLToPath(voice), join(speech, 'go-forward.wav')]
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8', timeout: 120_000 })) as Memory
}

/** Frames through the VAD until speech has ended; milliseconds of audio. */
async function endOfSpeech({ stages }: NodeStages, samples: Float32Array): Promise<number> {
  const vad = await stages.openVad()
  let lastMs = 0
  for (let at = 0; at + vad.frameSamples <= samples.length; at += vad.frameSamples) {
    if (await vad.process(samples.subarray(at, at + vad.frameSamples)) > 0.5) lastMs = (at + vad.frameSamples) * 1000 / SAMPLE_RATE
  }
  vad.close()
  return lastMs
}

/** One turn at microphone pace, then the answer's first audio. */
async function takeTurn({ stages }: NodeStages, samples: Float32Array, pace: boolean): Promise<Turn> {
  const stream = stages.transcriber!.open({})
  const sliceSamples = SLICE_MS * SAMPLE_RATE / 1000
  const startedAt = performance.now()
  for (let at = 0; at < samples.length; at += sliceSamples) {
    const dueMs = (at + sliceSamples) * 1000 / SAMPLE_RATE - (performance.now() - startedAt)
    if (pace && dueMs > 0) await new Promise(resolve => setTimeout(resolve, dueMs))
    stream.write(samples.subarray(at, at + sliceSamples))
  }
  const endedAt = performance.now()
  const { text } = await stream.finish()
  const transcribedAt = performance.now()
  let clause = ''
  const signal = new AbortController().signal
  for await (const piece of stages.responder.respond({ instructions: '', turns: [{ role: 'user', text }], signal })) { clause = String(piece); break }
  const respondedAt = performance.now()
  for await (const _ of stages.synthesizer.synthesize({ text: clause, voice: 'marin', speed: 1, signal })) break
  const spokenAt = performance.now()
  return {
    transcriptMs: transcribedAt - endedAt, responderMs: respondedAt - transcribedAt, voiceMs: spokenAt - respondedAt, totalMs: spokenAt - endedAt,
    recognised: text,
  }
}

const quantile = (values: number[], q: number) => values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * q))]!

/** Sentences in the engine's own voices, heard by its own recogniser, at full speed. */
async function ownVoices(node: NodeStages): Promise<{ voice: string, rate: number, realTime: number }[]> {
  const results = []
  for (const voice of ['marin', 'cedar', 'ballad']) {
    const pairs: { said: string, heard: string }[] = []
    let workMs = 0
    let audioMs = 0
    for (const said of assistantSentences) {
      const pieces: Float32Array[] = [new Float32Array(SAMPLE_RATE * 0.3)]
      for await (const piece of node.stages.synthesizer.synthesize({ text: said, voice, speed: 1, signal: new AbortController().signal })) pieces.push(piece)
      const samples = Float32Array.from(pieces.flatMap(piece => [...piece]))
      const startedAt = performance.now()
      pairs.push({ said, heard: (await takeTurn(node, samples, false)).recognised })
      workMs += performance.now() - startedAt
      audioMs += samples.length * 1000 / SAMPLE_RATE
    }
    results.push({ voice, rate: errorRate(pairs), realTime: workMs / audioMs })
  }
  return results
}

type SaidTurn = Turn & { said: string }

/** Each recording as often, up to the end of its speech, at microphone pace. */
async function takeTurns(node: NodeStages): Promise<SaidTurn[]> {
  const turns: SaidTurn[] = []
  const spoken = await Promise.all(readRecordings().map(async ({ said, samples }) => {
    const endMs = await endOfSpeech(node, samples)
    return { said, samples: samples.subarray(0, endMs * SAMPLE_RATE / 1000) }
  }))
  for (let round = 0; round < ROUNDS; round++) {
    for (const { said, samples } of spoken) turns.push({ said, ...await takeTurn(node, samples, true) })
  }
  return turns
}

function printLatency(turns: SaidTurn[]): void {
  const row = (label: string, pick: (turn: Turn) => number, note = '') => {
    const [p50, p95] = [quantile(turns.map(pick), 0.5), quantile(turns.map(pick), 0.95)].map(value => value.toFixed(0).padStart(8))
    console.log(`  ${label.padEnd(36)}${p50}${p95}${note}`)
  }
  console.log(`\nend of speech → first audio, ms (${turns.length} turns)     p50     p95`)
  row('final words', turn => turn.transcriptMs)
  row('responder (canned)', turn => turn.responderMs)
  row('first clause spoken', turn => turn.voiceMs)
  row('all', turn => turn.totalMs, '   (goal: p50 ≤ 500)')
  console.log(`the first turn ${turns[0]!.totalMs.toFixed(0)} ms, the same recording later ${quantile(turns.filter((_, i) => i > 0 && i % 4 === 0).map(turn => turn.totalMs), 0.5).toFixed(0)} ms`)
}

function printMemory({ emptyMb, readyMb, firstCallerMb, furtherCallerMb }: Memory): void {
  console.log(`\nresident MB: Node alone ${emptyMb}, ready ${readyMb}`)
  console.log(`  first caller ${firstCallerMb} (goal ≤ 350), each further of ten at once ${furtherCallerMb} (goal ≤ 40)`)
}

async function run() {
  const workerUrls = await bundleWorkers(bundle)
  const memory = await measureMemory(workerUrls)
  const loadedAt = performance.now()
  const node = await createNodeStages({ modelsDir: join(root, 'data/models'), assetsDir: join(root, 'server/engine/models'), responder: answering, workerUrls })
  const loadMs = performance.now() - loadedAt
  const { vad, stt, tts } = node.report
  console.log([vad, stt, tts].map(stage => stage.sentence).join('\n'))
  if (!stt.able) throw new Error('Without a recogniser there is nothing to measure.')
  console.log(`Ready in ${loadMs.toFixed(0)} ms.`)
  const turns = await takeTurns(node)
  printLatency(turns)
  printMemory(memory)
  const people = errorRate(turns.map(({ said, recognised }) => ({ said, heard: recognised })))
  console.log(`\nword error rate: people reading ${(100 * people).toFixed(0)} %`)
  for (const { voice, rate, realTime } of await ownVoices(node)) {
    console.log(`  own voice ${voice.padEnd(7)} ${(100 * rate).toFixed(0)} %, heard and answered in ${realTime.toFixed(2)} of real time`)
  }
  if (process.argv.includes('--json')) {
    const totals = turns.map(turn => turn.totalMs)
    console.log(JSON.stringify({ firstAudioP50Ms: quantile(totals, 0.5), firstAudioP95Ms: quantile(totals, 0.95), ...memory, loadMs, wordErrorRate: people }))
  }
  await node.close()
  rmSync(bundle, { recursive: true, force: true })
}

await run()
