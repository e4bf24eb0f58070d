import type { Engine } from '@kaiwa/engine'
import type { BrainInfo } from '../../shared/brain.ts'
import type { BrainSettings } from '../config/settings.ts'
import { engineLink } from '../engine/link.ts'
import type { EngineCalls } from '../webrtc/engine-call.ts'
import type { AnswerResult, Brain, SessionAsk, WebrtcOffer } from '../realtime/brain.ts'

/** The embedded engine with what it runs on. */
export interface LocalEngine {
  engine: Engine
  hearing: BrainInfo['hearing']
  /** As many people speak as this machine can hear: one more would slow all of them. Absent: there is no such bound. */
  atCapacity?(): boolean
  /** Turns that wait for a recogniser. */
  waitingTurns?(): number
  close(): Promise<void>
}

export interface LocalBrainOptions {
  /** Starts the engine; called once, when it is first needed. Rejects with a sentence for the operator. */
  startEngine(): Promise<LocalEngine>
  /** By a look at the files, in about a millisecond: what hearing will be like while the engine isn't up yet. */
  probeHearing(): BrainInfo['hearing']
  /** Answers WebRTC offers; undefined: it can't be reached that way. Called once, when it is first needed. */
  openCalls?(): Promise<EngineCalls>
}

/** A call waits this long for an engine that is starting: as long as for an upstream. */
const START_MS = 10_000

/** The embedded engine, started when it is first needed. */
export function localBrain({ model: ownModel, voice }: Extract<BrainSettings, { kind: 'local' }>, options: LocalBrainOptions): Brain {
  let starting: Promise<LocalEngine> | undefined
  let hearing: BrainInfo['hearing'] | undefined
  let running: LocalEngine | undefined
  let calls: Promise<EngineCalls> | undefined

  /** Once; a failed start may be tried again by the next call. */
  function started(): Promise<LocalEngine> {
    starting ??= options.startEngine().then(local => {
      hearing = local.hearing
      running = local
      return local
    }, (error: unknown) => {
      starting = undefined
      hearing = { able: false, why: sentence(error) }
      throw error
    })
    return starting
  }

  async function answer(offer: WebrtcOffer, { model = ownModel, intent, session }: SessionAsk, signal: AbortSignal): Promise<AnswerResult> {
    try {
      const [{ engine }, open] = await withinTime(Promise.all([started(), calls ??= options.openCalls!()]), START_MS)
      return await open.answer(offer, voiceTrack => engineLink(engine, { model, voice, intent, session, voiceTrack }), signal)
    } catch (error) {
      return { ok: false, fault: { code: 'engine_failed', detail: sentence(error) } }
    }
  }

  return {
    kind: 'local',
    model: ownModel,
    voice,
    keys: [],
    get ready() { return hearing !== undefined },
    get atCapacity() { return running?.atCapacity?.() ?? false },
    restingMs: 0,
    quietMs: 0,
    get waitingTurns() { return running?.waitingTurns?.() },
    warmUp: () => started().then(() => undefined, () => undefined),
    async info() {
      return { brain: 'local', model: ownModel, hearing: hearing ?? options.probeHearing() }
    },
    async dial({ model = ownModel, intent, session }) {
      try {
        const { engine } = await withinTime(started(), START_MS)
        return { ok: true, link: engineLink(engine, { model, voice, intent, session }) }
      } catch (error) {
        return { ok: false, fault: { code: 'engine_failed', detail: sentence(error) } }
      }
    },
    ...(options.openCalls && { answer }),
    async close() {
      await calls?.then(open => open.close(), () => undefined)
      await starting?.then(local => local.close(), () => undefined)
    },
  }
}

const sentence = (error: unknown) => error instanceof Error ? error.message : 'unknown reason'

function withinTime<T>(work: Promise<T>, limitMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`It is still loading its models after ${limitMs / 1000} s. Try again in a moment.`)), limitMs)
  })
  return Promise.race([work, late]).finally(() => clearTimeout(timer))
}
