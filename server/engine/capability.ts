/** What this machine's engine can do, in sentences for the log, the start page and an operator. */
import type { SpeechServer } from './adapters.ts'
import { nameOfServer } from './speech-server.ts'
import { findPocketsphinx } from './stt/pocketsphinx-files.ts'
import { findSherpaPack } from './stt/sherpa-packs.ts'

export type Capability
  = | { able: true, /** Name as in KAIWA_VAD, KAIWA_STT, KAIWA_TTS. */ adapter: string, /** Name for people. */ by: string, sentence: string }
    | { able: false, /** Without saying again what it is that can't be done. */ why: string, sentence: string }

export interface CapabilityReport { vad: Capability, stt: Capability, tts: Capability }

export type Hearing = { able: true, by: string } | { able: false, why: string }

export const POCKETSPHINX = 'PocketSphinx (English)'

/** By settings and files alone, in about a millisecond: whether speech will be understood. The engine may still find a model broken. */
export function probeHearing({ stt, sttServer, modelsDir }: { stt?: string, sttServer?: SpeechServer, modelsDir: string }): Hearing {
  if (stt === 'none') return { able: false, why: 'Speech recognition is turned off (KAIWA_STT=none).' }
  if (sttServer && (stt ?? 'server') === 'server') return { able: true, by: `the ${nameOfServer('stt', sttServer)}` }
  const sphinx = findPocketsphinx()
  if (stt === 'pocketsphinx' && sphinx.found) return { able: true, by: POCKETSPHINX }
  const sherpa = findSherpaPack(modelsDir)
  if (sherpa.found) return { able: true, by: nameOfPack(sherpa.pack) }
  return sphinx.found ? { able: true, by: POCKETSPHINX } : { able: false, why: sphinx.why }
}

export function nameOfPack(pack: { kind: string, name: string }): string {
  return `sherpa-onnx with ${pack.name} (${pack.kind})`
}
