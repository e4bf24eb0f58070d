import type { Engine, OpenOptions } from '@kaiwa/engine'
import type { BrainInfo } from '../../shared/brain.ts'
import type { BrainSettings } from '../config/settings.ts'
import { engineLink } from '../engine/link.ts'
import { dialUpstream, upstreamAddress, type DialOptions, type DialResult } from '../relay/upstream.ts'

/** What a connection is for; without an intent, a conversation. */
export interface SessionAsk { model: string | undefined, intent: 'transcription' | undefined, /** What the embedded engine begins with; an upstream is told in an event. */ session?: OpenOptions['session'] }

/** Who answers: one for the whole server. */
export interface Brain {
  readonly kind: BrainSettings['kind']
  /** Makes ready what takes a moment, so that the first call doesn't wait for it. Never rejects. */
  warmUp(): Promise<void>
  /** Whether a call would be answered at once. */
  readonly ready: boolean
  /** No more calls for the moment: the running ones would suffer. */
  readonly atCapacity: boolean
  info(): Promise<BrainInfo>
  /** Opens a session with the model named, else with the server's. Never rejects. */
  dial(asked: SessionAsk, signal: AbortSignal): Promise<DialResult>
  close(): Promise<void>
}

/** The embedded engine with what it runs on. */
export interface LocalEngine {
  engine: Engine
  hearing: BrainInfo['hearing']
  /** As many people speak as this machine can hear: one more would slow all of them. Absent: there is no such bound. */
  atCapacity?(): boolean
  close(): Promise<void>
}

export interface BrainOptions {
  /** Starts the engine; called once, when it is first needed. Rejects with a sentence for the operator. */
  startEngine(): Promise<LocalEngine>
  /** By a look at the files, in about a millisecond: what hearing will be like while the engine isn't up yet. */
  probeHearing(): BrainInfo['hearing']
  dialing?: Omit<DialOptions, 'signal'>
}

/** A call waits this long for an engine that is starting: as long as for an upstream. */
const START_MS = 10_000

/** The brain that the settings name: a relay to the upstream, or the embedded engine. */
export function createBrain(settings: BrainSettings, options: BrainOptions): Brain {
  return settings.kind === 'local' ? localBrain(settings, options) : upstreamBrain(settings, options)
}

function upstreamBrain(settings: Exclude<BrainSettings, { kind: 'local' }>, { dialing }: BrainOptions): Brain {
  return {
    kind: settings.kind,
    ready: true,
    atCapacity: false,
    warmUp: async () => undefined,
    info: async () => ({ brain: settings.kind, model: settings.model, hearing: { able: true, by: settings.kind } }),
    dial({ model = settings.model, intent }, signal) {
      return dialUpstream(upstreamAddress(settings, intent ? { intent } : { model }), { ...dialing, signal })
    },
    close: async () => undefined,
  }
}

function localBrain(settings: Extract<BrainSettings, { kind: 'local' }>, options: BrainOptions): Brain {
  let starting: Promise<LocalEngine> | undefined
  let hearing: BrainInfo['hearing'] | undefined
  let running: LocalEngine | undefined

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

  return {
    kind: 'local',
    get ready() { return hearing !== undefined },
    get atCapacity() { return running?.atCapacity?.() ?? false },
    warmUp: () => started().then(() => undefined, () => undefined),
    async info() {
      return { brain: 'local', model: settings.model, hearing: hearing ?? options.probeHearing() }
    },
    async dial({ model, intent, session }) {
      try {
        const { engine } = await withinTime(started(), START_MS)
        return { ok: true, link: engineLink(engine, { model: model ?? settings.model, voice: settings.voice, intent, session }) }
      } catch (error) {
        return { ok: false, fault: { code: 'engine_failed', detail: sentence(error) } }
      }
    },
    async close() { await starting?.then(local => local.close(), () => undefined) },
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
