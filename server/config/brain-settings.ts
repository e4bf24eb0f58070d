import { httpUrl, oneOf, secret, SettingsError, word, type Read } from './setting-kinds.ts'

const DEFAULT_BASE_URL = 'https://api.openai.com/v1'

/** Where answers come from, and what it takes to reach it. */
export type BrainSettings
  = | { kind: 'openai', key: string | undefined, baseUrl: URL, model: string, voice: string }
    | { kind: 'azure', key: string | undefined, /** How the key is shown: the resource's own, or an Entra token. */ keyAs: 'api-key' | 'bearer', baseUrl: URL, model: string, voice: string }
    | { kind: 'local', voice: string, model: string }

/** @throws SettingsError */
export function readBrain(read: Read): BrainSettings {
  const key = read('OPENAI_API_KEY', secret('a key without spaces'), undefined)
  const given = read('OPENAI_BASE_URL', httpUrl('an http or https address such as https://api.openai.com/v1'), undefined)
  const keyAs = read('KAIWA_AZURE_AUTH', oneOf(['api-key', 'bearer']), 'api-key')
  const kind = read('KAIWA_BRAIN', oneOf(['openai', 'azure', 'local']), key ? 'openai' : 'local')
  const voice = read('KAIWA_VOICE', word('a voice\'s name'), 'marin')
  const model = read('KAIWA_MODEL', word('a model\'s name'), 'gpt-realtime-2.1')
  if (kind === 'local') return { kind, voice, model: 'kaiwa-local' }
  if (!key && (kind === 'azure' || !given)) throw new SettingsError(`KAIWA_BRAIN is "${kind}" but OPENAI_API_KEY is not set; it takes the key of that service.`)
  if (kind === 'openai') return { kind, key, baseUrl: given ?? new URL(DEFAULT_BASE_URL), model, voice }
  if (!given) throw new SettingsError('KAIWA_BRAIN is "azure" but OPENAI_BASE_URL is not set; it takes the resource\'s address, such as https://my-resource.openai.azure.com/openai/v1.')
  return { kind, key, keyAs, baseUrl: given, model, voice }
}
