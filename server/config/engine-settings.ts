import { adapters, type SpeechServer } from '../engine/adapters.ts'
import { httpUrl, oneOf, path, reader, secret, SettingsError, word, type Environment, type Read } from './setting-kinds.ts'

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

/** @throws SettingsError */
export function readEngine(read: Read): EngineSettings {
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
function readSpeechServers(read: Read): Pick<EngineSettings, 'sttServer' | 'ttsServer'> {
  const address = (of: string) => httpUrl(`the http or https address of a ${of} server, such as http://127.0.0.1:8000/v1`)
  const modelName = word('a model\'s name')
  const keyKind = secret('a key without spaces')
  const stt = { url: read('KAIWA_STT_URL', address('transcription'), undefined), model: read('KAIWA_STT_MODEL', modelName, 'whisper-1'), key: read('KAIWA_STT_KEY', keyKind, undefined) }
  const tts = { url: read('KAIWA_TTS_URL', address('speech'), undefined), model: read('KAIWA_TTS_MODEL', modelName, 'tts-1'), key: read('KAIWA_TTS_KEY', keyKind, undefined) }
  const voice = read('KAIWA_TTS_VOICE', word('a voice\'s name'), undefined)
  return { sttServer: stt.url && { ...stt, url: stt.url }, ttsServer: tts.url && { ...tts, url: tts.url, voice } }
}

function readLanguageModel(read: Read): EngineSettings['llm'] {
  const url = read('KAIWA_LLM_URL', httpUrl('the http or https address of a chat completions server, such as http://127.0.0.1:11434/v1'), undefined)
  const model = read('KAIWA_LLM_MODEL', word('a model\'s name'), undefined)
  const key = read('KAIWA_LLM_KEY', secret('a key without spaces'), undefined)
  if (url && !model) throw new SettingsError('KAIWA_LLM_URL is set but KAIWA_LLM_MODEL is not; it takes the name of a model that this server has.')
  return url && model ? { url, model, key } : undefined
}

function readModels(read: Read) {
  const dataDir = read('KAIWA_DATA_DIR', path('a folder\'s path'), './data')
  return { modelsDir: read('KAIWA_MODELS_DIR', path('a folder\'s path'), `${dataDir}/models`), modelsUrl: read('KAIWA_MODELS_URL', httpUrl('an http or https address'), undefined) }
}

/** Where speech models lie and come from: for `npm run models`. @throws SettingsError */
export const readModelSettings = (env: Environment): { modelsDir: string, modelsUrl: URL | undefined } => readModels(reader(env))
