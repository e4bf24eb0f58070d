/**
 * Does RNNoise help to be understood? Recordings of people in five noises at four levels, without and with it, through the engine's own
 * recogniser: word error rate. Then what speech detectors make of each noise alone, and what a frame costs.
 * Run: `npx node bench/noise.ts` (about five minutes). The same sounds in every run. `--rounds=3` for more.
 */
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { createNoiseFilter, createResampler, createRnnoise, createSpeechDetector, floatToPcm16, type Denoiser } from '@kaiwa/audio'
import type { Responder } from '@kaiwa/engine'
import { createNodeStages, type NodeStages } from '../server/engine/stages.ts'
import { readWav } from '../test/fakes/wav.ts'
import { errorRate } from './engine-word-errors.ts'
import { bundleWorkers } from './engine-workers.ts'
import { noises } from './noise/noises.ts'
import { loadRnnoise } from './noise/rnnoise-program.ts'

const root = join(import.meta.dirname, '..')
const speech = join(root, 'test/fixtures/speech')
const bundle = join(root, 'node_modules/.cache/kaiwa-bench-noise')
const MICROPHONE_RATE = 48_000
const WIRE_RATE = 24_000
const ENGINE_RATE = 16_000
const QUANTUM = 128
/** Room before the words: RNNoise and the recogniser need a moment to know the noise. */
const LEAD_MS = 600
const snrs = [20, 10, 5, 0] as const
const rounds = Number(process.argv.find(arg => arg.startsWith('--rounds='))?.slice('--rounds='.length) ?? 2)

const responder: Responder = { async* respond() { yield '' } }
const program = loadRnnoise()

interface Recording { said: string, samples: Float32Array }

const resample = (samples: Float32Array, inputRate: number, outputRate: number) => createResampler({ inputRate, outputRate }).process(samples)
const power = (samples: Float32Array) => samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length

function readRecordings(): Recording[] {
  return readFileSync(join(speech, 'transcripts.tsv'), 'utf8').trim().split('\n').slice(1).map(row => {
    const [name, said] = row.split('\t') as [string, string]
    const { samples, sampleRate } = readWav(readFileSync(join(speech, name)))
    const lead = LEAD_MS * sampleRate / 1000
    const padded = new Float32Array(lead + samples.length)
    for (const [i, sample] of samples.entries()) padded[lead + i] = sample / 32_768
    return { said, samples: resample(padded, sampleRate, MICROPHONE_RATE) }
  })
}

/** Noise under speech; the ratio counts in the band that the recogniser hears, and over the speech alone. */
function mix(voice: Float32Array, noise: Float32Array, snrDb: number): Float32Array {
  const inBand = (samples: Float32Array) => power(resample(samples.subarray(LEAD_MS * MICROPHONE_RATE / 1000), MICROPHONE_RATE, ENGINE_RATE))
  const gain = Math.sqrt(inBand(voice) / inBand(noise)) * 10 ** (-snrDb / 20)
  return voice.map((sample, i) => sample + gain * noise[i]!)
}

/** RNNoise that lets some of the sound through as it was, so that what it gets wrong is not lost: at most `floorDb` quieter. */
function sparing(denoiser: Denoiser, floorDb: number): Denoiser {
  const share = 10 ** (-floorDb / 20)
  let before = new Float32Array(denoiser.frameSamples)
  return {
    ...denoiser,
    process(frame) {
      const now = frame.slice()
      denoiser.process(frame)
      for (let i = 0; i < frame.length; i++) frame[i] = share * before[i]! + (1 - share) * frame[i]!
      before = now
    },
  }
}

const treatments = {
  'as it is': undefined,
  RNNoise: () => createRnnoise(program),
  'RNNoise, at most 12 dB': () => sparing(createRnnoise(program), 12),
} satisfies Record<string, (() => Denoiser) | undefined>
type Treatment = keyof typeof treatments

/** As in the page: quanta at 48 kHz, filter, then 24 kHz. */
function treat(samples: Float32Array, treatment: Treatment): Float32Array {
  const denoiser = treatments[treatment]?.()
  if (!denoiser) return resample(samples, MICROPHONE_RATE, WIRE_RATE)
  const filter = createNoiseFilter({ contextRate: MICROPHONE_RATE }, denoiser)
  const late = Math.round(filter.delayMs * MICROPHONE_RATE / 1000)
  const output = new Float32Array(Math.ceil((samples.length + late) / QUANTUM) * QUANTUM)
  for (let at = 0; at < output.length; at += QUANTUM) {
    const quantum = new Float32Array(QUANTUM)
    quantum.set(samples.subarray(at, at + QUANTUM))
    filter.process(quantum, output.subarray(at, at + QUANTUM))
  }
  denoiser.close()
  return resample(output.subarray(late), MICROPHONE_RATE, WIRE_RATE)
}

const open = (workerUrls: WorkerUrls, vad?: string) =>
  createNodeStages({ modelsDir: join(root, 'data/models'), assetsDir: join(root, 'server/engine/models'), responder, workerUrls, ...vad && { vad } })

async function recognise({ stages }: NodeStages, wire: Float32Array): Promise<string> {
  const stream = stages.transcriber!.open({})
  stream.write(resample(wire, WIRE_RATE, ENGINE_RATE))
  return (await stream.finish()).text
}

type WorkerUrls = Awaited<ReturnType<typeof bundleWorkers>>
type Pairs = { said: string, heard: string }[]

/** Each treatment by a recogniser of its own: it learns from what it hears. */
async function wordErrors(workerUrls: WorkerUrls, recordings: Recording[], make: (recording: Recording, round: number) => Float32Array) {
  const results = Object.fromEntries(Object.keys(treatments).map(name => [name, [] as Pairs])) as Record<Treatment, Pairs>
  for (const treatment of Object.keys(treatments) as Treatment[]) {
    const node = await open(workerUrls)
    if (!node.report.stt.able) throw new Error('Without a recogniser there is nothing to measure.')
    for (let round = 0; round < rounds; round++) {
      for (const recording of recordings) {
        const heard = await recognise(node, treat(make(recording, round), treatment))
        results[treatment].push({ said: recording.said, heard })
      }
    }
    await node.close()
  }
  return results
}

const percent = (share: number) => `${(100 * share).toFixed(0)} %`.padStart(6)

async function printWordErrors(workerUrls: WorkerUrls) {
  const recordings = readRecordings()
  const names = Object.keys(treatments) as Treatment[]
  console.log(`word error rate, ${rounds * recordings.length} utterances a row    ${names.join('   ')}`)
  const all = Object.fromEntries(names.map(name => [name, [] as Pairs])) as Record<Treatment, Pairs>
  const row = (label: string, results: Record<Treatment, Pairs>) => console.log(`  ${label.padEnd(24)}${names.map(name => percent(errorRate(results[name])).padStart(name.length + 3)).join('')}`)
  row('quiet room', await wordErrors(workerUrls, recordings, ({ samples }) => samples))
  for (const [kind, makeNoise] of Object.entries(noises)) {
    for (const snr of snrs) {
      const results = await wordErrors(workerUrls, recordings, ({ said, samples }, round) => {
        const others = recordings.filter(other => other.said !== said).map(other => other.samples.subarray(LEAD_MS * MICROPHONE_RATE / 1000))
        return mix(samples, makeNoise(samples.length, 100 * round + snr + samples.length, others), snr)
      })
      for (const name of names) all[name].push(...results[name])
      row(`${kind}, ${snr} dB`, results)
    }
  }
  row('all noises', all)
}

/** Share of 20 s of noise alone, at the level of a loud room, that passes for speech. */
async function printFalseAlarms(workerUrls: WorkerUrls) {
  const recordings = readRecordings()
  for (const vad of ['silero', 'webrtc', 'page'] as const) {
    const node = vad === 'page' ? undefined : await open(workerUrls, vad)
    console.log(`\nnoise alone that passes for speech, ${vad === 'page' ? 'the page\'s detector' : vad}:`)
    for (const [kind, makeNoise] of Object.entries(noises)) {
      const noise = makeNoise(MICROPHONE_RATE * 20, 7, recordings.map(({ samples }) => samples))
      const level = 0.02 / Math.sqrt(power(noise))
      const shares = await Promise.all((Object.keys(treatments) as Treatment[]).map(async treatment => {
        const wire = treat(noise.map(sample => sample * level), treatment)
        return `${treatment} ${percent(node ? await speechShare(node, wire) : noticedShare(wire))}`
      }))
      console.log(`  ${kind.padEnd(10)}${shares.join(' · ')}`)
    }
    await node?.close()
  }
}

async function speechShare({ stages }: NodeStages, wire: Float32Array): Promise<number> {
  const samples = resample(wire, WIRE_RATE, ENGINE_RATE)
  const vad = await stages.openVad()
  let frames = 0
  let speaking = 0
  for (let at = 0; at + vad.frameSamples <= samples.length; at += vad.frameSamples, frames++) {
    if (await vad.process(samples.subarray(at, at + vad.frameSamples)) > 0.5) speaking++
  }
  vad.close()
  return speaking / frames
}

function noticedShare(wire: Float32Array): number {
  return createSpeechDetector().write(floatToPcm16(wire)) * WIRE_RATE / 1000 / wire.length
}

function printCost() {
  for (const simd of [true, false]) {
    const denoiser = createRnnoise(loadRnnoise(simd))
    const frame = noises.pink(480, 1)
    const rounds = Array.from({ length: 5 }, () => {
      const begin = performance.now()
      for (let i = 0; i < 1000; i++) denoiser.process(frame)
      return performance.now() - begin
    })
    const microseconds = Math.min(...rounds)
    console.log(`${simd ? '\n' : ''}a frame of 10 ms${simd ? '' : ' without SIMD'}: ${microseconds.toFixed(0)} µs = ${(microseconds / 100).toFixed(1)} % of its time`)
    denoiser.close()
  }
  for (const contextRate of [16_000, 44_100, 48_000, 96_000]) {
    console.log(`delay at ${contextRate} Hz: ${createNoiseFilter({ contextRate }, createRnnoise(loadRnnoise())).delayMs.toFixed(1)} ms`)
  }
}

const workerUrls = await bundleWorkers(bundle)
printCost()
await printFalseAlarms(workerUrls)
await printWordErrors(workerUrls)
rmSync(bundle, { recursive: true, force: true })
