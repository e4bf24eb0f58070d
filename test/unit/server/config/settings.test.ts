import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { readSettings, secretsOf, SettingsError } from '../../../../server/config/settings.ts'

const sentence = (env: Record<string, string>) => {
  try {
    readSettings(env)
  } catch (error) {
    expect(error).toBeInstanceOf(SettingsError)
    return (error as Error).message
  }
  return undefined
}

describe('settings', () => {
  it('needs none: loopback, the embedded engine, the documented defaults', () => {
    expect(readSettings({})).toMatchObject({
      host: '127.0.0.1', port: 3000, brain: { kind: 'local', voice: 'marin' }, access: { allowAnonymous: false }, maxCalls: 200, maxCallsPerUser: 3,
      maxCallMinutes: 120, idleSeconds: 300, drainSeconds: 25, logLevel: 'info', notices: [],
    })
  })

  it('a key makes it OpenAI', () => {
    expect(readSettings({ OPENAI_API_KEY: 'sk-1' }).brain).toEqual({ kind: 'openai', key: 'sk-1', baseUrl: new URL('https://api.openai.com/v1'), model: 'gpt-realtime-2.1', voice: 'marin' })
  })

  it('KAIWA_BRAIN has the last word', () => {
    expect(readSettings({ OPENAI_API_KEY: 'sk-1', KAIWA_BRAIN: 'local' }).brain.kind).toBe('local')
    expect(readSettings({ KAIWA_BRAIN: 'openai', OPENAI_BASE_URL: 'http://localhost:8000/v1' }).brain).toMatchObject({ kind: 'openai', key: undefined })
  })

  it('an empty value counts as unset', () => { expect(readSettings({ PORT: '', OPENAI_API_KEY: ' ' })).toMatchObject({ port: 3000, brain: { kind: 'local' } }) })

  it.each([
    [{ PORT: 'http' }, 'PORT is "http"; it takes a whole number from 0 to 65535.'],
    [{ PORT: '70000' }, 'PORT is "70000"; it takes a whole number from 0 to 65535.'],
    [{ KAIWA_BRAIN: 'gpt' }, 'KAIWA_BRAIN is "gpt"; it takes `openai`, `azure`, `local`.'],
    [{ KAIWA_LOG_LEVEL: 'loud' }, 'KAIWA_LOG_LEVEL is "loud"; it takes `debug`, `info`, `warn`, `error`.'],
    [{ KAIWA_ALLOW_ANONYMOUS: 'yes' }, 'KAIWA_ALLOW_ANONYMOUS is "yes"; it takes `true` or `false`.'],
    [{ OPENAI_BASE_URL: 'api.openai.com' }, 'OPENAI_BASE_URL is "api.openai.com"; it takes an http or https address such as https://api.openai.com/v1.'],
    [{ KAIWA_PUBLIC_URL: 'ftp://x' }, 'KAIWA_PUBLIC_URL is "ftp://x"; it takes the http or https address people use.'],
    [{ KAIWA_MAX_CALLS: '-1' }, 'KAIWA_MAX_CALLS is "-1"; it takes a whole number from 1 to 100000.'],
    [{ KAIWA_IDLE_SECONDS: '1.5' }, 'KAIWA_IDLE_SECONDS is "1.5"; it takes a whole number from 1 to 86400.'],
  ])('stops at %o with one sentence', (env, expected) => { expect(sentence(env as Record<string, string>)).toBe(expected) })

  it('never shows a secret, however wrong', () => {
    expect(sentence({ OPENAI_API_KEY: 'sk bad\nkey' })).toBe('OPENAI_API_KEY is not usable (its value is not shown); it takes a key without spaces.')
  })

  it.each(['openai', 'azure'])('%s without a key says what is missing', kind => { expect(sentence({ KAIWA_BRAIN: kind })).toContain('OPENAI_API_KEY') })

  it('azure needs its resource\'s address', () => { expect(sentence({ KAIWA_BRAIN: 'azure', OPENAI_API_KEY: 'k1' })).toContain('OPENAI_BASE_URL') })

  it.each(['0.0.0.0', '192.168.1.5', 'kaiwa.example', '::'])('refuses to listen on %s with no one to say who may talk', HOST => {
    expect(sentence({ HOST })).toContain('KAIWA_ALLOW_ANONYMOUS=true')
    expect(readSettings({ HOST, KAIWA_ALLOW_ANONYMOUS: 'true' }).host).toBe(HOST)
  })

  it.each(['localhost', '127.0.0.1', '127.9.9.9', '::1'])('listens on %s without a word', HOST => { expect(readSettings({ HOST }).host).toBe(HOST) })

  it.each([{ KAIWA_PASSWORD: 'open sesame' }, { KAIWA_API_TOKENS: 'ci:0123456789abcdef' }, { KAIWA_OIDC_ISSUER: 'https://id.example.org', KAIWA_OIDC_CLIENT_ID: 'kaiwa' }])(
    'listens beyond loopback when somebody says who may talk: %o', env => { expect(readSettings({ HOST: '0.0.0.0', ...env }).host).toBe('0.0.0.0') })

  it.each([
    [{ KAIWA_PASSWORD: 'canary\t7' }, 'KAIWA_PASSWORD is not usable (its value is not shown); it takes 1 to 512 characters, none of them a line break.'],
    [{ KAIWA_API_TOKENS: 'canary' }, 'KAIWA_API_TOKENS is not usable (its value is not shown); it takes `name:token` pairs, comma separated; no spaces or commas within.'],
    [{ KAIWA_API_TOKENS: 'a:0123456789abcdef,a:0123456789abcdeg' }, 'KAIWA_API_TOKENS has a name twice; it takes each name once.'],
    [{ KAIWA_API_TOKENS: 'a:0123456789abcdef,b:0123456789abcdef' }, 'KAIWA_API_TOKENS has a token twice; each name takes a token of its own.'],
    [{ KAIWA_OIDC_ISSUER: 'https://id.example.org' }, 'KAIWA_OIDC_ISSUER and KAIWA_OIDC_CLIENT_ID belong together; one of them is not set.'],
    [{ KAIWA_OIDC_ISSUER: 'http://id.example.org', KAIWA_OIDC_CLIENT_ID: 'k' }, 'KAIWA_OIDC_ISSUER has to begin with https: what it says decides who may talk.'],
    [{ KAIWA_OIDC_ISSUER: 'https://id.example.org', KAIWA_OIDC_CLIENT_ID: 'k', KAIWA_OIDC_ALLOW: 'everyone' }, 'KAIWA_OIDC_ALLOW is "everyone"; it takes addresses such as ann@example.org or domains such as @example.org, comma separated.'],
    [{ KAIWA_TRUSTED_PROXIES: '10.0.0.0/99' }, 'KAIWA_TRUSTED_PROXIES is "10.0.0.0/99"; it takes addresses, networks such as 10.0.0.0/8, or `loopback`, comma separated.'],
    [{ KAIWA_BUDGET_USD_PER_CALL: '0' }, 'KAIWA_BUDGET_USD_PER_CALL is "0"; it takes an amount in US dollars such as 2.50, more than 0.'],
    [{ KAIWA_BUDGET_USD_PER_DAY: '-3' }, 'KAIWA_BUDGET_USD_PER_DAY is "-3"; it takes an amount in US dollars such as 2.50, more than 0.'],
  ])('stops at %o, and shows no secret', (env, expected) => { expect(sentence(env as Record<string, string>)).toBe(expected) })

  it('reads tokens by name, colons and all', () => {
    expect([...readSettings({ KAIWA_API_TOKENS: 'ci:0123456789abcdef, phone:ab:cd:0123456789' }).access.tokens]).toEqual([['ci', '0123456789abcdef'], ['phone', 'ab:cd:0123456789']])
  })

  it('warns of what can be guessed, without showing it', () => {
    const notices = readSettings({ KAIWA_PASSWORD: 'can4ry', KAIWA_API_TOKENS: 'ci:can4ry' }).notices
    expect(notices).toEqual(['KAIWA_PASSWORD is shorter than 8 characters: it can be guessed.', 'KAIWA_API_TOKENS: the token of ci is shorter than 16 characters: it can be guessed.'])
  })

  it('says aloud that nobody has to sign in where others reach the server', () => {
    expect(readSettings({ KAIWA_PUBLIC_URL: 'https://kaiwa.example' }).notices.join()).toContain('whoever reaches https://kaiwa.example talks at your cost')
    expect(readSettings({ KAIWA_PUBLIC_URL: 'https://kaiwa.example', KAIWA_PASSWORD: 'open sesame' }).notices).toEqual([])
  })

  it('names harmless settings that do nothing yet', () => {
    const { notices } = readSettings({ REDIS_URL: 'redis://:canary-8@x', KAIWA_RESUME_SECONDS: '60' })
    expect(notices).toHaveLength(2)
    expect(notices.join()).not.toContain('canary-8')
  })

  it('knows every secret for the log', () => { expect(secretsOf({ OPENAI_API_KEY: 'a', DATABASE_URL: 'b', HOME: 'c', KAIWA_API_TOKENS: 'ci:d:e, x:f' })).toEqual(['a', 'b', 'd:e', 'f']) })

  it('.env.example lists every variable that is read, and sets none', () => {
    const example = readFileSync('.env.example', 'utf8')
    const source = readdirSync('server/config').map(file => readFileSync(`server/config/${file}`, 'utf8')).join('\n')
    const read = new Set(source.match(/\b(?:KAIWA|OPENAI)_[A-Z_]*[A-Z]\b|\b(?:HOST|PORT|DATABASE_URL|REDIS_URL)\b/g))
    for (const name of read) expect(example, name).toMatch(new RegExp(`^#\\s?${name}=`, 'm'))
    expect(example.split('\n').filter(line => line && !line.startsWith('#'))).toEqual([])
  })
})

describe('a language model for the embedded engine', () => {
  const url = 'http://127.0.0.1:11434/v1'

  it('is one that has an address and a name', () => {
    const { engine, notices } = readSettings({ KAIWA_LLM_URL: url, KAIWA_LLM_MODEL: 'qwen3:8b', KAIWA_LLM_KEY: 'k' })
    expect(engine.llm).toEqual({ url: new URL(url), model: 'qwen3:8b', key: 'k' })
    expect(notices).toEqual([])
    expect(readSettings({}).engine.llm).toBeUndefined()
  })

  it('without a name stops the start', () => {
    expect(() => readSettings({ KAIWA_LLM_URL: url })).toThrow('KAIWA_LLM_URL is set but KAIWA_LLM_MODEL is not; it takes the name of a model that this server has.')
    expect(() => readSettings({ KAIWA_LLM_URL: 'ftp://x', KAIWA_LLM_MODEL: 'm' })).toThrow(/^KAIWA_LLM_URL is "ftp:\/\/x"; it takes the http or https address/)
  })

  it('is named when it does nothing', () => {
    expect(readSettings({ KAIWA_LLM_MODEL: 'm' }).notices).toEqual(['KAIWA_LLM_MODEL has no effect without KAIWA_LLM_URL.'])
    expect(readSettings({ OPENAI_API_KEY: 'k', KAIWA_LLM_URL: url, KAIWA_LLM_MODEL: 'm' }).notices[0]).toBe('KAIWA_LLM_URL is for the embedded engine, but openai answers: it has an effect only for personas that say `brain: local`.')
  })
})

describe('the engine\'s stages', () => {
  it('are chosen by a name that there is', () => {
    expect(readSettings({ KAIWA_STT: 'none', KAIWA_TTS: 'sherpa', KAIWA_VAD: 'energy' }).engine).toMatchObject({ stt: 'none', tts: 'sherpa', vad: 'energy' })
    expect(readSettings({}).engine).toMatchObject({ stt: undefined, tts: undefined, vad: undefined, sttServer: undefined, ttsServer: undefined })
  })

  it.each([
    [{ KAIWA_STT: 'vosk' }, 'KAIWA_STT is "vosk"; it takes `server`, `sherpa`, `pocketsphinx`, `none`.'],
    [{ KAIWA_TTS: 'espeak' }, 'KAIWA_TTS is "espeak"; it takes `server`, `sherpa`, `flite`.'],
    [{ KAIWA_VAD: 'loud' }, 'KAIWA_VAD is "loud"; it takes `silero`, `webrtc`, `energy`.'],
    [{ KAIWA_STT: 'server' }, 'KAIWA_STT is "server" but KAIWA_STT_URL is not set; it takes the address of a transcription server, such as http://127.0.0.1:8000/v1.'],
    [{ KAIWA_TTS: 'server' }, 'KAIWA_TTS is "server" but KAIWA_TTS_URL is not set; it takes the address of a speech server, such as http://127.0.0.1:8880/v1.'],
    [{ KAIWA_TTS_URL: 'speech' }, 'KAIWA_TTS_URL is "speech"; it takes the http or https address of a speech server, such as http://127.0.0.1:8000/v1.'],
    [{ KAIWA_STT_KEY: 'canary \n 5' }, 'KAIWA_STT_KEY is not usable (its value is not shown); it takes a key without spaces.'],
  ])('stop the start at %o', (env, expected) => { expect(sentence(env as Record<string, string>)).toBe(expected) })

  it('may be servers', () => {
    const { engine, notices } = readSettings({ KAIWA_STT_URL: 'http://127.0.0.1:8000/v1', KAIWA_TTS_URL: 'https://api.openai.com/v1', KAIWA_TTS_KEY: 'k', KAIWA_TTS_VOICE: 'nova' })
    expect(engine.sttServer).toEqual({ url: new URL('http://127.0.0.1:8000/v1'), model: 'whisper-1', key: undefined })
    expect(engine.ttsServer).toEqual({ url: new URL('https://api.openai.com/v1'), model: 'tts-1', key: 'k', voice: 'nova' })
    expect(notices).toEqual([])
  })

  it('are named when what is set for them does nothing', () => {
    expect(readSettings({ KAIWA_TTS_VOICE: 'nova' }).notices).toEqual(['KAIWA_TTS_VOICE has no effect without KAIWA_TTS_URL.'])
    expect(readSettings({ KAIWA_STT_URL: 'http://127.0.0.1:8000', KAIWA_STT: 'pocketsphinx' }).notices).toEqual(['KAIWA_STT_URL has no effect: KAIWA_STT is pocketsphinx.'])
    expect(readSettings({ OPENAI_API_KEY: 'k', KAIWA_STT_URL: 'http://127.0.0.1:8000' }).notices[0]).toMatch(/^KAIWA_STT_URL is for the embedded engine/)
  })

  it('have keys that the log knows', () => { expect(secretsOf({ KAIWA_STT_KEY: 'a', KAIWA_TTS_KEY: 'b' })).toEqual(['a', 'b']) })
})
