import { plannedSession } from '@kaiwa/engine'
import { describe, expect, it } from 'vitest'
import { readSettings } from '../../../../server/config/settings.ts'
import { createClientSecrets } from '../../../../server/auth/client-secret.ts'
import { grantSecret, MAX_SECRET_BODY_CHARS, type SecretAsk, type SecretHouse } from '../../../../server/realtime/secret-request.ts'
import { createCountedIds } from '../../../fakes/engine-options.ts'

const NOW_MS = 1_700_000_000_000

function house({ brain = {}, ...changes }: Partial<Omit<SecretHouse, 'settings'>> & { brain?: Partial<SecretHouse['settings']['brain']> } = {}): SecretHouse {
  const ids = createCountedIds()
  return {
    house: { draining: false },
    settings: {
      host: '127.0.0.1', publicUrl: undefined, maxCalls: 1, maxCallsPerUser: 1, countLoopbackUsers: false, access: readSettings({}).access,
      brain: { kind: 'local', model: 'kaiwa-local', voice: 'marin', ...brain },
    },
    secrets: createClientSecrets({ nowMs: () => NOW_MS, ids }),
    ids,
    planSession: plannedSession,
    ...changes,
  }
}
const ask = (body: unknown, headers: Partial<SecretAsk['headers']> = {}): SecretAsk =>
  ({ identity: { program: undefined, caller: { by: 'anonymous', id: undefined } }, body: typeof body === 'string' ? body : JSON.stringify(body), headers: { host: 'localhost:3000', 'content-type': 'application/json', ...headers } })
const conversation = { type: 'realtime', instructions: 'Be brief.', audio: { output: { voice: 'cedar' } } }

describe('POST /v1/realtime/client_secrets', () => {
  it('gives a secret for ten minutes, and shows the whole session', () => {
    const at = house()
    const grant = grantSecret(ask({ session: conversation }), at)
    expect(grant).toMatchObject({
      value: expect.stringMatching(/^ek_\w{21}$/), expires_at: NOW_MS / 1000 + 600,
      session: {
        type: 'realtime', object: 'realtime.session', id: expect.stringMatching(/^sess_/), model: 'kaiwa-local', instructions: 'Be brief.', tools: [], expires_at: 0,
        audio: { input: { turn_detection: { type: 'server_vad' } }, output: { voice: 'cedar', speed: 1 } },
      },
    })
    expect('value' in grant && at.secrets.claimOf(grant.value)).toEqual({ session: conversation, person: { by: 'anonymous', id: undefined } })
  })

  it.each([
    ['', 600, 'realtime'], [{}, 600, 'realtime'], [{ expires_after: {} }, 600, 'realtime'], [{ expires_after: { anchor: 'created_at', seconds: 7200 } }, 7200, 'realtime'],
    [{ expires_after: { seconds: 10 }, session: { type: 'transcription' } }, 10, 'transcription'],
  ])('takes %j', (body, seconds, type) => {
    expect(grantSecret(ask(body), house())).toMatchObject({ expires_at: NOW_MS / 1000 + seconds, session: { type } })
  })

  it('shows the model that was asked for', () => {
    expect(grantSecret(ask({ session: { type: 'realtime', model: 'gpt-realtime-2.1' } }), house())).toMatchObject({ session: { model: 'gpt-realtime-2.1' } })
  })

  it('keeps a tool server\'s key to itself, and still knows it when the session begins', () => {
    const at = house()
    const tool = { type: 'mcp', server_label: 'house', server_url: 'https://tools.example/mcp', authorization: 'tok-canary' }
    const grant = grantSecret(ask({ session: { type: 'realtime', tools: [tool] } }), at)
    expect(grant).toMatchObject({ session: { tools: [{ type: 'mcp', server_label: 'house' }] } })
    expect(JSON.stringify(grant)).not.toContain('canary')
    expect('value' in grant && at.secrets.claimOf(grant.value)).toMatchObject({ session: { tools: [{ authorization: 'tok-canary' }] } })
  })

  it.each([
    ['{bad', 'invalid_json', null],
    ['[]', 'invalid_value', null],
    [`"${'x'.repeat(MAX_SECRET_BODY_CHARS)}"`, 'invalid_value', null],
    [{ lifetime: 5 }, 'unknown_parameter', 'lifetime'],
    [{ expires_after: { seconds: 9 } }, 'invalid_value', 'expires_after.seconds'],
    [{ expires_after: { seconds: 7201 } }, 'invalid_value', 'expires_after.seconds'],
    [{ expires_after: { seconds: '600' } }, 'invalid_type', 'expires_after.seconds'],
    [{ expires_after: { anchor: 'now' } }, 'invalid_value', 'expires_after.anchor'],
    [{ session: 'realtime' }, 'invalid_type', 'session'],
    [{ session: {} }, 'missing_required_parameter', 'session.type'],
    [{ session: { ...conversation, voice: 'marin' } }, 'unknown_parameter', 'session.voice'],
    [{ session: { type: 'realtime', model: 'a b' } }, 'invalid_value', 'session.model'],
    [{ session: { type: 'realtime', tool_choice: { type: 'function', name: 'gone' } } }, 'invalid_value', 'session.tool_choice'],
    [{ session: { type: 'realtime', include: ['item.input_audio_transcription.logprobs'] } }, 'invalid_value', 'session.include'],
  ])('refuses %.80j', (body, code, param) => {
    expect(grantSecret(ask(body), house())).toEqual({ admitted: false, status: 400, code, param, message: expect.stringMatching(/\w/) })
  })

  it('leaves to an upstream what only that can know', () => {
    const include = ['item.input_audio_transcription.logprobs']
    expect(grantSecret(ask({ session: { type: 'realtime', include } }), house({ brain: { kind: 'openai' } }))).toMatchObject({ session: { include } })
  })

  it.each([
    [{ origin: 'https://evil.example' }, 403, 'origin_not_allowed'],
    [{ host: 'evil.example' }, 403, 'host_not_allowed'],
    [{ 'user-agent': 'Mozilla/5.0' }, 403, 'origin_missing'],
    [{ 'content-type': 'text/plain' }, 400, 'invalid_value'],
  ])('headers %o: %i %s', (headers, status, code) => { expect(grantSecret(ask({}, headers), house())).toMatchObject({ admitted: false, status, code }) })

  it('gives none while the server stops, nor when too many are good', () => {
    expect(grantSecret(ask({}), house({ house: { draining: true } }))).toMatchObject({ status: 503, code: 'server_draining' })
    const full = house({ secrets: createClientSecrets({ nowMs: () => NOW_MS, ids: createCountedIds(), limits: { secrets: 0, chars: 1 } }) })
    expect(grantSecret(ask({}), full)).toMatchObject({ status: 503, code: 'server_full', retryAfterSeconds: 60 })
  })
})
