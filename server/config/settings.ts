import { z } from 'zod'
import { adapters, type SpeechServer } from '../engine/adapters.ts'

/** Hosts on which only this machine can reach us. */
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|::1|\[::1\])$/i
export const isLoopbackHost = (host: string) => LOOPBACK.test(host)

const DEFAULT_BASE_URL = 'https://api.openai.com/v1'

interface Kind<T> { takes: string, parse(text: string): T | undefined, /** Never shown in a message. */ secret?: true }

const fromSchema = <T>(takes: string, schema: z.ZodType<T>): Kind<T> => ({ takes, parse: text => schema.safeParse(text).data })
const integer = (min: number, max: number) => fromSchema(`a whole number from ${min} to ${max}`,
  z.string().regex(/^\d{1,9}$/).transform(Number).pipe(z.number().min(min).max(max)))
const oneOf = <const T extends string>(values: readonly T[]) => fromSchema(values.map(v => `\`${v}\``).join(', '), z.enum(values))
const boolean: Kind<boolean> = { takes: '`true` or `false`', parse: text => ({ true: true, false: false })[text.toLowerCase()] }
const word = (takes: string) => fromSchema(takes, z.string().regex(/^[\w.:@/-]{1,128}$/))
const httpUrl = (takes: string): Kind<URL> => ({
  takes,
  parse(text) {
    const url = URL.canParse(text) ? new URL(text) : undefined
    return url && /^https?:$/.test(url.protocol) && !url.username && !url.password && !url.search && !url.hash ? url : undefined
  },
})
const secret = (takes: string): Kind<string> => ({ ...fromSchema(takes, z.string().regex(/^[\x21-\x7e]{1,4096}$/)), secret: true })
const host: Kind<string> = fromSchema('a host name or an IP address', z.string().regex(/^[\w.:-]{1,253}$/))
const folder = fromSchema('a folder\'s path', z.string().max(4096))

export class SettingsError extends Error {}

/** Where answers come from, and what it takes to reach it. */
export type BrainSettings
  = | { kind: 'openai' | 'azure', key: string | undefined, baseUrl: URL, model: string, voice: string }
    | { kind: 'local', voice: string, model: string }

/** What the embedded engine runs on. */
export interface EngineSettings {
  /** Adapters by name; unset: the best there is. */
  vad: string | undefined
  stt: string | undefined
  tts: string | undefined
  modelsDir: string
  /** Servers that hear and speak for the engine; unset: it does so itself. */
  sttServer: SpeechServer | undefined
  ttsServer: SpeechServer & { /** Unset: the session's voice by its name. */ voice: string | undefined } | undefined
  /** A chat server that thinks for the engine; unset: the offline responder answers. */
  llm: { url: URL, model: string, key: string | undefined } | undefined
}

export interface Settings {
  host: string
  port: number
  brain: BrainSettings
  engine: EngineSettings
  allowAnonymous: boolean
  publicUrl: URL | undefined
  maxCalls: number
  maxCallsPerUser: number
  /** The variable was set: then callers from this machine are counted as one user, too. */
  countLoopbackUsers: boolean
  maxCallMinutes: number
  idleSeconds: number
  drainSeconds: number
  logLevel: 'debug' | 'info' | 'warn' | 'error'
  /** Sentences for the log: settings that this version does not act on. */
  notices: string[]
}

type Environment = Readonly<Record<string, string | undefined>>

/** Ignoring one of these would leave a server open, or a purse, that its operator believes closed. */
const unsafeToIgnore: Record<string, string> = {
  KAIWA_PASSWORD: 'sign-in', KAIWA_API_TOKENS: 'bearer tokens',
  KAIWA_BUDGET_USD_PER_CALL: 'budgets', KAIWA_BUDGET_USD_PER_USER_DAY: 'budgets', KAIWA_BUDGET_USD_PER_DAY: 'budgets',
}

const withoutEffect: Record<string, string> = {
  DATABASE_URL: 'conversations are not stored', REDIS_URL: 'there is one node', KAIWA_METRICS_TOKEN: 'there is no /metrics',
  KAIWA_STORE: 'conversations are not stored', KAIWA_RETENTION_DAYS: 'conversations are not stored',
  KAIWA_RESUME_SECONDS: 'a dropped call is not resumed', KAIWA_SESSION_ROLLOVER_SECONDS: 'a session is not rolled over',
}

function refuse(name: string, got: string, kind: Kind<unknown>): never {
  throw new SettingsError(`${name} is ${kind.secret ? 'not usable (its value is not shown)' : JSON.stringify(got)}; it takes ${kind.takes}.`)
}

function reader(env: Environment) {
  return function read<T, D extends T | undefined>(name: string, kind: Kind<T>, fallback: D): T | D {
    const text = env[name]?.trim()
    if (!text) return fallback
    return kind.parse(text) ?? refuse(name, text, kind)
  }
}

function readBrain(read: ReturnType<typeof reader>): BrainSettings {
  const key = read('OPENAI_API_KEY', secret('a key without spaces'), undefined)
  const given = read('OPENAI_BASE_URL', httpUrl('an http or https address such as https://api.openai.com/v1'), undefined)
  const kind = read('KAIWA_BRAIN', oneOf(['openai', 'azure', 'local']), key ? 'openai' : 'local')
  const voice = read('KAIWA_VOICE', word('a voice\'s name'), 'marin')
  const model = read('KAIWA_MODEL', word('a model\'s name'), 'gpt-realtime-2.1')
  if (kind === 'local') return { kind, voice, model: 'kaiwa-local' }
  if (!key && (kind === 'azure' || !given)) throw new SettingsError(`KAIWA_BRAIN is "${kind}" but OPENAI_API_KEY is not set; it takes the key of that service.`)
  if (kind === 'azure' && !given) {
    throw new SettingsError('KAIWA_BRAIN is "azure" but OPENAI_BASE_URL is not set; it takes the resource\'s address, such as https://my-resource.openai.azure.com/openai/v1.')
  }
  return { kind, key, baseUrl: given ?? new URL(DEFAULT_BASE_URL), model, voice }
}

function refuseUnbuilt(env: Environment) {
  for (const [name, what] of Object.entries(unsafeToIgnore)) {
    if (env[name]?.trim()) throw new SettingsError(`${name} is set, but this version has no ${what} yet: unset it, and keep the server where only people you trust reach it.`)
  }
}

function refuseOpenDoor(settings: Settings) {
  if (isLoopbackHost(settings.host) || settings.allowAnonymous) return
  throw new SettingsError(`HOST is "${settings.host}", which other machines can reach, and nothing says who may talk; `
    + 'set HOST=127.0.0.1, or KAIWA_ALLOW_ANONYMOUS=true to let anyone who reaches it talk at your cost.')
}

function readEngine(read: ReturnType<typeof reader>): EngineSettings {
  const settings = {
    vad: read('KAIWA_VAD', oneOf(adapters.vad), undefined),
    stt: read('KAIWA_STT', oneOf([...adapters.stt, 'none']), undefined),
    tts: read('KAIWA_TTS', oneOf(adapters.tts), undefined),
    modelsDir: readModels(read).modelsDir,
    ...readSpeechServers(read),
    llm: readLanguageModel(read),
  }
  if (settings.stt === 'server' && !settings.sttServer) throw new SettingsError('KAIWA_STT is "server" but KAIWA_STT_URL is not set; it takes the address of a transcription server, such as http://127.0.0.1:8000/v1.')
  if (settings.tts === 'server' && !settings.ttsServer) throw new SettingsError('KAIWA_TTS is "server" but KAIWA_TTS_URL is not set; it takes the address of a speech server, such as http://127.0.0.1:8880/v1.')
  return settings
}

/** The default models are OpenAI's; most other servers take these names for the one model they have. */
function readSpeechServers(read: ReturnType<typeof reader>): Pick<EngineSettings, 'sttServer' | 'ttsServer'> {
  const address = (of: string) => httpUrl(`the http or https address of a ${of} server, such as http://127.0.0.1:8000/v1`)
  const modelName = word('a model\'s name')
  const keyKind = secret('a key without spaces')
  const stt = { url: read('KAIWA_STT_URL', address('transcription'), undefined), model: read('KAIWA_STT_MODEL', modelName, 'whisper-1'), key: read('KAIWA_STT_KEY', keyKind, undefined) }
  const tts = { url: read('KAIWA_TTS_URL', address('speech'), undefined), model: read('KAIWA_TTS_MODEL', modelName, 'tts-1'), key: read('KAIWA_TTS_KEY', keyKind, undefined) }
  const voice = read('KAIWA_TTS_VOICE', word('a voice\'s name'), undefined)
  return { sttServer: stt.url && { ...stt, url: stt.url }, ttsServer: tts.url && { ...tts, url: tts.url, voice } }
}

function readLanguageModel(read: ReturnType<typeof reader>): EngineSettings['llm'] {
  const url = read('KAIWA_LLM_URL', httpUrl('the http or https address of a chat completions server, such as http://127.0.0.1:11434/v1'), undefined)
  const model = read('KAIWA_LLM_MODEL', word('a model\'s name'), undefined)
  const key = read('KAIWA_LLM_KEY', secret('a key without spaces'), undefined)
  if (url && !model) throw new SettingsError('KAIWA_LLM_URL is set but KAIWA_LLM_MODEL is not; it takes the name of a model that this server has.')
  return url && model ? { url, model, key } : undefined
}

/** What was set and does nothing, each with the reason. */
function noticesOf(env: Environment, { brain, engine }: Pick<Settings, 'brain' | 'engine'>): string[] {
  const idle = Object.entries(withoutEffect).map(([name, why]) => ({ name, sentence: `${name} has no effect in this version: ${why}.` }))
  const servers = [
    { url: 'KAIWA_LLM_URL', others: ['KAIWA_LLM_MODEL', 'KAIWA_LLM_KEY'], adapter: undefined, isSet: engine.llm !== undefined },
    { url: 'KAIWA_STT_URL', others: ['KAIWA_STT_MODEL', 'KAIWA_STT_KEY'], adapter: engine.stt, isSet: engine.sttServer !== undefined },
    { url: 'KAIWA_TTS_URL', others: ['KAIWA_TTS_MODEL', 'KAIWA_TTS_KEY', 'KAIWA_TTS_VOICE'], adapter: engine.tts, isSet: engine.ttsServer !== undefined },
  ].flatMap(({ url, others, adapter, isSet }) => [url, ...others].flatMap(name => {
    if (brain.kind !== 'local') return [{ name, sentence: `${name} has no effect: the embedded engine would use it, but ${brain.kind} answers.` }]
    if (!isSet) return [{ name, sentence: `${name} has no effect without ${url}.` }]
    return adapter !== undefined && adapter !== 'server' ? [{ name, sentence: `${name} has no effect: ${url.replace('_URL', '')} is ${adapter}.` }] : []
  }))
  return [...idle, ...servers].filter(({ name }) => env[name]?.trim()).map(({ sentence }) => sentence)
}

function readModels(read: ReturnType<typeof reader>) {
  const dataDir = read('KAIWA_DATA_DIR', folder, './data')
  return { modelsDir: read('KAIWA_MODELS_DIR', folder, `${dataDir}/models`), modelsUrl: read('KAIWA_MODELS_URL', httpUrl('an http or https address'), undefined) }
}

/** Where speech models lie and come from: for `npm run models`. @throws SettingsError */
export const readModelSettings = (env: Environment): { modelsDir: string, modelsUrl: URL | undefined } => readModels(reader(env))

/** Read by the start script; checked here, too, so that a wrong value is told at the start. */
function checkOthers(read: ReturnType<typeof reader>) {
  read('KAIWA_APT', boolean, undefined)
}

/**
 * Settings from the environment, by the table in `.env.example`. An empty value counts as unset.
 * @throws SettingsError with one sentence: the variable, what it got (never a secret's value), what it takes.
 */
export function readSettings(env: Environment): Settings {
  const read = reader(env)
  refuseUnbuilt(env)
  checkOthers(read)
  const brain = readBrain(read)
  const engine = readEngine(read)
  const settings: Settings = {
    host: read('HOST', host, '127.0.0.1'),
    port: read('PORT', integer(0, 65_535), 3000),
    brain,
    engine,
    allowAnonymous: read('KAIWA_ALLOW_ANONYMOUS', boolean, false),
    publicUrl: read('KAIWA_PUBLIC_URL', httpUrl('the http or https address people use'), undefined),
    maxCalls: read('KAIWA_MAX_CALLS', integer(1, 100_000), 200),
    maxCallsPerUser: read('KAIWA_MAX_CALLS_PER_USER', integer(1, 100_000), 3),
    countLoopbackUsers: Boolean(env.KAIWA_MAX_CALLS_PER_USER?.trim()),
    maxCallMinutes: read('KAIWA_MAX_CALL_MINUTES', integer(1, 10_000), 120),
    idleSeconds: read('KAIWA_IDLE_SECONDS', integer(1, 86_400), 300),
    drainSeconds: read('KAIWA_DRAIN_SECONDS', integer(0, 3600), 25),
    logLevel: read('KAIWA_LOG_LEVEL', oneOf(['debug', 'info', 'warn', 'error']), 'info'),
    notices: noticesOf(env, { brain, engine }),
  }
  refuseOpenDoor(settings)
  return settings
}

/** Every value that must never be seen: for the log's redaction and the relay's. */
export const secretsOf = (env: Environment): string[] =>
  ['OPENAI_API_KEY', 'KAIWA_LLM_KEY', 'KAIWA_STT_KEY', 'KAIWA_TTS_KEY', 'KAIWA_PASSWORD', 'KAIWA_METRICS_TOKEN', 'DATABASE_URL', 'REDIS_URL'].flatMap(name => env[name]?.trim() || [])
