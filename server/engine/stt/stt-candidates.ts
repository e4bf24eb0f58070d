import type { Transcriber } from '@kaiwa/engine'
import { addressOf, hostFor, systemClock, type Candidate, type Closers, type Opened } from '../candidates.ts'
import { nameOfPack, POCKETSPHINX } from '../capability.ts'
import { trySherpa } from '../sherpa-trial.ts'
import { nameOfServer, whyUnreachable } from '../speech-server.ts'
import type { NodeStagesOptions } from '../stages.ts'
import type { EarsRole, SttOperations } from '../workers/ears-operations.ts'
import { createWorkerHost } from '../workers/worker-host.ts'
import { createDecoderPool } from './decoder-pool.ts'
import { findPocketsphinx } from './pocketsphinx-files.ts'
import { findSherpaPack, recognizerConfig } from './sherpa-packs.ts'
import { createTranscriber, createWorkerDecoder } from './transcriber.ts'
import { createServerTranscriber } from './transcription-server.ts'

/** One decoder serves one utterance, whose stream awaits each answer. */
const MAX_OPEN_DECODINGS = 4

type Options = Pick<NodeStagesOptions, 'modelsDir' | 'systemRoot' | 'workerUrls' | 'clock' | 'sttServer'>

export function sttCandidates({ modelsDir, systemRoot, workerUrls, clock = systemClock, sttServer }: Options, closers: Closers): Candidate<Transcriber>[] {
  const open = (data: EarsRole, by: string, languages?: string[]) => openWorkers({ workerUrls, clock, closers }, data, by, languages)
  return [
    {
      adapter: 'server',
      async open() {
        if (!sttServer) return { able: false, why: 'No transcription server is named (KAIWA_STT_URL).', absent: true }
        const by = `the ${nameOfServer('stt', sttServer)}`
        // Not passed over when it is away: who named a server wants to know, and it may come up after us.
        const away = await whyUnreachable(sttServer.url)
        return {
          able: true, part: createServerTranscriber({ server: sttServer, clock }), by,
          sentence: `Speech is understood by ${by} with ${sttServer.model}${away ? `, which can't be reached now (${away})` : ''}.`,
        }
      },
    },
    {
      adapter: 'sherpa',
      async open() {
        const search = findSherpaPack(modelsDir)
        if (!search.found) return { able: false, why: search.why, absent: search.absent }
        const trouble = await trySherpa({ what: `${search.pack.kind} pack ${search.pack.name}`, ...recognizerConfig(search.pack) })
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

async function openWorkers(
  { workerUrls, clock, closers }: Required<Pick<Options, 'workerUrls' | 'clock'>> & { closers: Closers }, data: EarsRole, by: string, languages?: string[],
): Promise<Opened<Transcriber>> {
  const settings = { stage: 'stt', url: addressOf(workerUrls.ears), data, maxOpenRequests: MAX_OPEN_DECODINGS, startTimeoutMs: 60_000 } as const
  const started = await hostFor<SttOperations>(settings, [])
  if (!started.able) return started
  const openAnother = () => createWorkerDecoder(createWorkerHost<SttOperations>(settings))
  const pool = createDecoderPool({ first: createWorkerDecoder(started.host), open: openAnother, clock })
  closers.push(() => pool.close())
  return { able: true, part: createTranscriber({ pool, clock, languages }), by, sentence: `Speech is understood by ${by}.` }
}
