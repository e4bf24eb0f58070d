/** Puts the engine's stages together from what this machine has. Nothing missing or broken stops it: the next best is used, and the report says so. */
import type { Clock, Responder, Stages, Synthesizer, Transcriber, Vad } from '@kaiwa/engine'
import type { SpeechServer } from './adapters.ts'
import type { Candidate, Closers, Opened } from './candidates.ts'
import type { Capability, CapabilityReport } from './capability.ts'
import { sttCandidates } from './stt/stt-candidates.ts'
import { createMissingSynthesizer } from './tts/synthesizer.ts'
import { ttsCandidates } from './tts/tts-candidates.ts'
import { vadCandidates } from './vad/vad-candidates.ts'

export interface WorkerUrls { ears: URL | string, voice: URL | string }

export interface NodeStagesOptions {
  /** Adapter by name; absent or not to be had: the best there is. `none` for stt: no recognition. */
  vad?: 'silero' | 'webrtc' | 'energy' | (string & {})
  stt?: 'server' | 'sherpa' | 'pocketsphinx' | 'none' | (string & {})
  tts?: 'server' | 'sherpa' | 'flite' | (string & {})
  /** Servers that hear and speak; the first choice when they are named. */
  sttServer?: SpeechServer
  ttsServer?: SpeechServer & { /** Absent: the session's voice by its name. */ voice?: string }
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

/** Resolves when everything is loaded and warm, in about a second. Never rejects for what is missing or broken. */
export async function createNodeStages(options: NodeStagesOptions): Promise<NodeStages> {
  const closers: Closers = []
  const [vad, stt, tts] = await Promise.all([
    choose<() => Promise<Vad>>('vad', options.vad, vadCandidates(options, closers)),
    options.stt === 'none'
      ? { part: undefined, capability: turnedOff }
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

const off = 'Speech recognition is turned off (KAIWA_STT=none).'
const turnedOff: Capability = { able: false, why: off, sentence: off }

const purposes = { vad: 'Speech can\'t be told from silence', stt: 'Speech can\'t be understood', tts: 'Answers can\'t be spoken' } as const

async function choose<T>(stage: keyof typeof purposes, wanted: string | undefined, candidates: Candidate<T>[]): Promise<{ part?: T, capability: Capability }> {
  const troubles: string[] = []
  const absences: string[] = []
  if (wanted && !candidates.some(({ adapter }) => adapter === wanted)) {
    troubles.push(`KAIWA_${stage.toUpperCase()} is ${JSON.stringify(wanted)}; there are ${candidates.map(({ adapter }) => adapter).join(', ')}.`)
  }
  const inOrder = [...candidates.filter(({ adapter }) => adapter === wanted), ...candidates.filter(({ adapter }) => adapter !== wanted)]
  for (const { adapter, open } of inOrder) {
    const opened = await openSafely(open)
    if (opened.able) return { part: opened.part, capability: { able: true, adapter, by: opened.by, sentence: [opened.sentence, ...troubles].join(' ') } }
    if (opened.absent && adapter !== wanted) absences.push(opened.why)
    else troubles.push(opened.why)
  }
  const why = [...troubles, ...absences].join(' ')
  return { capability: { able: false, why, sentence: `${purposes[stage]}. ${why}` } }
}

/** A folder that may not be read, a worker that dies right after its start: this way isn't to be had, and the next one is tried. */
async function openSafely<T>(open: Candidate<T>['open']): Promise<Opened<T>> {
  try {
    return await open()
  } catch (error) {
    return { able: false, why: error instanceof Error ? error.message : String(error) }
  }
}
