import { asksForSignIn, readAccess, weaknesses, type AccessSettings } from './access-settings.ts'
import { readBrain, type BrainSettings } from './brain-settings.ts'
import { readBudgets, type BudgetSettings } from './budget-settings.ts'
import { readEngine, type EngineSettings } from './engine-settings.ts'
import { journalNotices, readJournal, type JournalSettings } from './journal-settings.ts'
import { readStore, type StoreSettings } from './store-settings.ts'
import { readWebrtc, type WebrtcSettings } from './webrtc-settings.ts'
import { boolean, host, httpUrl, integer, isLoopbackHost, oneOf, path, reader, secret, SettingsError, type Environment, type Read } from './setting-kinds.ts'

export type { AccessSettings, OidcSettings } from './access-settings.ts'
export type { BrainSettings } from './brain-settings.ts'
export type { BudgetSettings } from './budget-settings.ts'
export { readModelSettings, type EngineSettings } from './engine-settings.ts'
export type { JournalSettings } from './journal-settings.ts'
export type { StoreSettings } from './store-settings.ts'
export type { WebrtcSettings } from './webrtc-settings.ts'
export { isLoopbackHost, SettingsError } from './setting-kinds.ts'

export interface Settings {
  host: string
  port: number
  brain: BrainSettings
  engine: EngineSettings
  access: AccessSettings
  budgets: BudgetSettings
  journal: JournalSettings
  store: StoreSettings
  /** Where what has to outlive the process lies. */
  dataDir: string
  /** The operator's own personas; the built-in ones are there in any case. */
  personasDir: string
  publicUrl: URL | undefined
  maxCalls: number
  maxCallsPerUser: number
  /** The variable was set: then callers from this machine are counted as one user, too. */
  countLoopbackUsers: boolean
  maxCallMinutes: number
  idleSeconds: number
  drainSeconds: number
  /** What becomes of a WebRTC call when this server loses its own connection to it. */
  sidebandLost: 'end' | 'continue'
  webrtc: WebrtcSettings
  /** Who reads `/metrics` from elsewhere; undefined: only this machine. */
  metricsToken: string | undefined
  logLevel: 'debug' | 'info' | 'warn' | 'error'
  /** Sentences for the log: settings that this version does not act on. */
  notices: string[]
}

const withoutEffect: Record<string, string> = {
  REDIS_URL: 'there is one node',
  KAIWA_RESUME_SECONDS: 'a dropped call is not resumed', KAIWA_SESSION_ROLLOVER_SECONDS: 'a session is not rolled over',
}

/** Beyond loopback somebody has to say who may talk. */
function refuseOpenDoor({ host, access }: Settings) {
  if (isLoopbackHost(host) || access.allowAnonymous || asksForSignIn(access) || access.tokens.size > 0) return
  throw new SettingsError(`HOST is "${host}", which other machines can reach, and nothing says who may talk; `
    + 'set KAIWA_PASSWORD, KAIWA_OIDC_ISSUER or KAIWA_API_TOKENS, or HOST=127.0.0.1, or KAIWA_ALLOW_ANONYMOUS=true to let anyone who reaches it talk at your cost.')
}

/** What was set and does nothing, each with the reason. */
function noticesOf(env: Environment, { brain, engine }: Pick<Settings, 'brain' | 'engine'>): string[] {
  const idle = Object.entries(withoutEffect).map(([name, why]) => ({ name, sentence: `${name} has no effect in this version: ${why}.` }))
  const servers = [
    { url: 'KAIWA_LLM_URL', others: ['KAIWA_LLM_MODEL', 'KAIWA_LLM_KEY'], adapter: undefined, isSet: engine.llm !== undefined },
    { url: 'KAIWA_STT_URL', others: ['KAIWA_STT_MODEL', 'KAIWA_STT_KEY'], adapter: engine.stt, isSet: engine.sttServer !== undefined },
    { url: 'KAIWA_TTS_URL', others: ['KAIWA_TTS_MODEL', 'KAIWA_TTS_KEY', 'KAIWA_TTS_VOICE'], adapter: engine.tts, isSet: engine.ttsServer !== undefined },
  ].flatMap(({ url, others, adapter, isSet }) => [url, ...others].flatMap(name => {
    if (!isSet) return [{ name, sentence: `${name} has no effect without ${url}.` }]
    if (adapter !== undefined && adapter !== 'server') return [{ name, sentence: `${name} has no effect: ${url.replace('_URL', '')} is ${adapter}.` }]
    return brain.kind === 'local' ? [] : [{ name, sentence: `${name} is for the embedded engine, but ${brain.kind} answers: it has an effect only for personas that say \`brain: local\`.` }]
  }))
  return [...idle, ...servers].filter(({ name }) => env[name]?.trim()).map(({ sentence }) => sentence)
}

/** What an operator should know about who may talk. */
function accessNotices({ access, host, publicUrl }: Pick<Settings, 'access' | 'host' | 'publicUrl'>): string[] {
  if (asksForSignIn(access)) return [...weaknesses(access), ...(access.allowAnonymous ? ['KAIWA_ALLOW_ANONYMOUS has no effect: people have to sign in.'] : [])]
  const reached = publicUrl && !isLoopbackHost(publicUrl.hostname) ? publicUrl.origin : isLoopbackHost(host) ? undefined : host
  const open = reached && (access.allowAnonymous || access.tokens.size === 0)
  return [...weaknesses(access), ...(open ? [`Nobody has to sign in: whoever reaches ${reached} talks at your cost. Set KAIWA_PASSWORD or KAIWA_OIDC_ISSUER to ask who they are.`] : [])]
}

/** Read by the start script; checked here, too, so that a wrong value is told at the start. */
function checkOthers(read: Read) {
  read('KAIWA_APT', boolean, undefined)
}

/**
 * Settings from the environment, by the table in `.env.example`. An empty value counts as unset.
 * @throws SettingsError with one sentence: the variable, what it got (never a secret's value), what it takes.
 */
export function readSettings(env: Environment): Settings {
  const read = reader(env)
  checkOthers(read)
  const brain = readBrain(read)
  const engine = readEngine(read)
  const settings: Settings = {
    host: read('HOST', host, '127.0.0.1'),
    port: read('PORT', integer(0, 65_535), 3000),
    brain,
    engine,
    access: readAccess(read),
    budgets: readBudgets(read),
    journal: readJournal(read),
    store: readStore(read),
    dataDir: read('KAIWA_DATA_DIR', path('a folder\'s path'), './data'),
    personasDir: read('KAIWA_PERSONAS_DIR', path('a folder\'s path'), './personas'),
    publicUrl: read('KAIWA_PUBLIC_URL', httpUrl('the http or https address people use'), undefined),
    maxCalls: read('KAIWA_MAX_CALLS', integer(1, 100_000), 200),
    maxCallsPerUser: read('KAIWA_MAX_CALLS_PER_USER', integer(1, 100_000), 3),
    countLoopbackUsers: Boolean(env.KAIWA_MAX_CALLS_PER_USER?.trim()),
    maxCallMinutes: read('KAIWA_MAX_CALL_MINUTES', integer(1, 10_000), 120),
    idleSeconds: read('KAIWA_IDLE_SECONDS', integer(1, 86_400), 300),
    sidebandLost: read('KAIWA_SIDEBAND_LOST', oneOf(['end', 'continue']), 'end'),
    webrtc: readWebrtc(read),
    drainSeconds: read('KAIWA_DRAIN_SECONDS', integer(0, 3600), 25),
    metricsToken: read('KAIWA_METRICS_TOKEN', secret('a token without spaces'), undefined),
    logLevel: read('KAIWA_LOG_LEVEL', oneOf(['debug', 'info', 'warn', 'error']), 'info'),
    notices: [],
  }
  refuseOpenDoor(settings)
  return { ...settings, notices: [...noticesOf(env, settings), ...journalNotices(env, settings.journal), ...accessNotices(settings)] }
}

/** What of an address must not be seen even without the rest. */
function passwordIn(address: string | undefined): string[] {
  const url = address !== undefined && URL.canParse(address.trim()) ? new URL(address.trim()) : undefined
  const values = url ? [url.password, url.searchParams.get('password') ?? ''] : []
  return values.filter(value => value !== '').flatMap(value => {
    try { return [value, decodeURIComponent(value)] } catch { return [value] }
  })
}

/** Every value that must never be seen: for the log's redaction and the relay's. */
export const secretsOf = (env: Environment): string[] => [
  ...passwordIn(env.DATABASE_URL),
  ...['OPENAI_API_KEY', 'KAIWA_LLM_KEY', 'KAIWA_STT_KEY', 'KAIWA_TTS_KEY', 'KAIWA_PASSWORD', 'KAIWA_OIDC_CLIENT_SECRET', 'KAIWA_METRICS_TOKEN', 'DATABASE_URL', 'REDIS_URL']
    .flatMap(name => env[name]?.trim() || []),
  ...(env.KAIWA_API_TOKENS ?? '').split(',').flatMap(pair => pair.trim().split(':').slice(1).join(':') || []),
]
