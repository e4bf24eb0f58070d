import { readBrain, type BrainSettings } from '../config/brain-settings.ts'
import { reader, SettingsError, type Environment } from '../config/setting-kinds.ts'
import type { Brain } from '../realtime/brain.ts'
import { localBrain, type LocalBrainOptions } from './local-brain.ts'
import { upstreamBrain, type Dialing } from './upstream-brain.ts'
import { createUpstreamGuards, type UpstreamGuards } from './upstream-guards.ts'

/** What a persona says about who answers for it. */
export interface BrainChoice {
  /** Undefined: whoever answers for the server. */
  kind: BrainSettings['kind'] | undefined
  /** A server of its own, which speaks the Realtime API. */
  upstream: UpstreamChoice | undefined
}

export interface UpstreamChoice {
  baseUrl: URL
  /** Of the sessions that are opened there. */
  model: string
  /** The environment variable that holds the key; undefined: it asks for none. */
  keyFrom: string | undefined
  keyAs: 'api-key' | 'bearer'
}

/** Nobody can answer for a persona. */
export interface BrainMissing {
  kind: BrainSettings['kind']
  /** A sentence for the talker. */
  why: string
  /** A sentence for the operator; names variables, never their values. */
  remedy: string
}

/** Everyone who can answer on this server. */
export interface Brains {
  /** The server's own: for programs, and for personas that name nobody else. */
  readonly own: Brain
  of(choice: BrainChoice): { able: true, brain: Brain } | { able: false, missing: BrainMissing }
  /** The server's own upstream is asked with this key from the next call on, if it is still the same upstream; whether it was. */
  takeKey(next: BrainSettings): boolean
  /** Of the embedded engine, whoever uses it: turns that wait for a recogniser; undefined while it isn't up. */
  readonly waitingTurns: number | undefined
  /** Whether each upstream is dialled, by host. */
  breakers: UpstreamGuards['states']
  close(): Promise<void>
}

export interface BrainsOptions extends LocalBrainOptions {
  dialing?: Dialing
  /** Where the keys of personas are found, by name. */
  env: Environment
  /** A key came into use: it must be seen in no log. */
  onKey?(key: string): void
}

const LOCAL_MODEL = 'kaiwa-local'
/** Where the key of the server's own upstream comes from. */
const OWN_KEY = 'OPENAI_API_KEY'
const WHY = 'It is not set up on this server. Choose another one, or ask whoever runs the server.'

/** The brain that the settings name, and those of personas beside it. There is one embedded engine, whoever uses it. */
export function createBrains(settings: BrainSettings, { dialing, env, onKey, ...engine }: BrainsOptions): Brains {
  const guards = createUpstreamGuards(() => performance.now())
  const upstream = settings.kind === 'local' ? undefined : upstreamBrain(settings, dialing, guards.of(settings, OWN_KEY))
  const own: Brain = upstream ?? localBrain(settings as Extract<BrainSettings, { kind: 'local' }>, engine)
  for (const key of own.keys) onKey?.(key)
  let local = own.kind === 'local' ? own : undefined

  function upstreamOf(kind: 'openai' | 'azure', { keyFrom, ...address }: UpstreamChoice): ReturnType<Brains['of']> {
    const key = keyFrom === undefined ? undefined : env[keyFrom]?.trim() || undefined
    if (keyFrom !== undefined && key === undefined) return missing(kind, `the environment variable ${keyFrom}, which should hold its key, is not set`)
    if (key !== undefined) onKey?.(key)
    return { able: true, brain: upstreamBrain({ kind, key, voice: settings.voice, ...address }, dialing, guards.of(address, keyFrom)) }
  }

  /** A service of which the persona says no more than its name: the one in OPENAI_API_KEY and OPENAI_BASE_URL, unless that is another. */
  function serviceOf(kind: 'openai' | 'azure'): ReturnType<Brains['of']> {
    if (settings.kind !== 'local') return missing(kind, `the server's own settings are for ${settings.kind}; give the persona an \`upstream\` with base_url and key_from`)
    try {
      const named = readBrain(reader({ ...env, KAIWA_BRAIN: kind }))
      if (named.kind === 'local') return { able: true, brain: own }
      if (named.key !== undefined) onKey?.(named.key)
      return { able: true, brain: upstreamBrain(named, dialing, guards.of(named, OWN_KEY)) }
    } catch (error) {
      if (!(error instanceof SettingsError)) throw error
      return missing(kind, error.message.replace(/\.$/, ''))
    }
  }

  const missing = (kind: BrainSettings['kind'], remedy: string) => ({ able: false as const, missing: { kind, why: WHY, remedy } })

  return {
    own,
    of({ kind, upstream }) {
      if (upstream) return upstreamOf(kind === 'azure' ? 'azure' : 'openai', upstream)
      if (kind === undefined || kind === settings.kind) return { able: true, brain: own }
      if (kind !== 'local') return serviceOf(kind)
      local ??= localBrain({ kind: 'local', model: LOCAL_MODEL, voice: settings.voice }, engine)
      return { able: true, brain: local }
    },
    takeKey(next) {
      if (!upstream || next.kind === 'local' || settings.kind === 'local' || next.kind !== settings.kind || next.baseUrl.href !== settings.baseUrl.href) return false
      if (next.key !== undefined) onKey?.(next.key)
      return upstream.takeKey(next.key)
    },
    get waitingTurns() { return local?.waitingTurns },
    breakers: guards.states,
    close: async () => { await Promise.all([own.close(), local === own ? undefined : local?.close()]) },
  }
}
