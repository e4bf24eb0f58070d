import { describe, expect, it } from 'vitest'
import { createBrains, type BrainChoice } from '../../../../server/brains/brains.ts'
import { readSettings } from '../../../../server/config/settings.ts'

function brainsOf(env: Record<string, string>) {
  const keys: string[] = []
  const brains = createBrains(readSettings(env).brain, {
    env, onKey: key => { keys.push(key) }, startEngine: () => Promise.reject(new Error('No engine in this test.')), probeHearing: () => ({ able: true, by: 'test' }),
  })
  return { brains, keys }
}
const choice = (kind: BrainChoice['kind'], keyFrom?: string): BrainChoice =>
  ({ kind, upstream: keyFrom === undefined ? undefined : { baseUrl: new URL('https://host.example/v1'), keyFrom, keyAs: 'bearer', model: 'm' } })

const withKey = { OPENAI_API_KEY: 'sk-own' }
const both = { ...withKey, KAIWA_BRAIN: 'local' }

describe('who answers for a persona', () => {
  it.each([
    ['names nobody', {}, choice(undefined), 'local'], ['names nobody', withKey, choice(undefined), 'openai'],
    ['names the engine', withKey, choice('local'), 'local'], ['names OpenAI where the engine answers', both, choice('openai'), 'openai'],
    ['has an upstream of its own', { SCHOOL_KEY: 'sk-school' }, choice(undefined, 'SCHOOL_KEY'), 'openai'], ['has one on Azure', { SCHOOL_KEY: 'sk-school' }, choice('azure', 'SCHOOL_KEY'), 'azure'],
  ] as const)('%s (%o)', (_what, env, chosen, kind) => {
    const found = brainsOf(env).brains.of(chosen)
    expect(found.able && found.brain.kind).toBe(kind)
  })

  it('is the server\'s own wherever the persona names that kind, and there is one engine', () => {
    const { brains } = brainsOf(withKey)
    const of = (kind: BrainChoice['kind']) => { const found = brains.of(choice(kind)); return found.able && found.brain }
    expect(of('openai')).toBe(brains.own)
    expect(of('local')).toBe(of('local'))
  })

  it.each([
    ['the key is not in the environment', {}, choice(undefined, 'SCHOOL_KEY'), 'the environment variable SCHOOL_KEY, which should hold its key, is not set'],
    ['there is no key at all', {}, choice('openai'), 'KAIWA_BRAIN is "openai" but OPENAI_API_KEY is not set; it takes the key of that service'],
    ['the server\'s key is another service\'s', withKey, choice('azure'), 'the server\'s own settings are for openai; give the persona an `upstream` with base_url and key_from'],
  ] as const)('is nobody when %s; the talker hears no name of a variable', (_what, env, chosen, remedy) => {
    const found = brainsOf(env).brains.of(chosen)
    expect(found).toEqual({ able: false, missing: { kind: chosen.kind ?? 'openai', remedy, why: 'It is not set up on this server. Choose another one, or ask whoever runs the server.' } })
  })

  it('knows each upstream by itself, and once for all personas that share it', () => {
    const { brains } = brainsOf({ ...withKey, SCHOOL_KEY: 'sk-school' })
    for (let n = 0; n < 3; n++) brains.of(choice(undefined, 'SCHOOL_KEY'))
    expect(brains.breakers()).toEqual([{ upstream: 'api.openai.com', state: 'closed' }, { upstream: 'host.example', state: 'closed' }])
  })

  it('makes each key known that comes into use, so that no log shows it, and cuts from an upstream\'s words only its own', () => {
    const { brains, keys } = brainsOf({ ...withKey, SCHOOL_KEY: 'sk-school' })
    const found = brains.of(choice('openai', 'SCHOOL_KEY'))
    expect(keys).toEqual(['sk-own', 'sk-school'])
    expect([brains.own.keys, found.able && found.brain.keys]).toEqual([['sk-own'], ['sk-school']])
  })
})
