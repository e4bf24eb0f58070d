import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { troubles } from '../../../app/i18n/en-troubles.ts'
import { troubleOfClosure, troubleOfMicrophone, troubleOfOutput } from '../../../app/voice/trouble.ts'

describe('why the line is gone', () => {
  it.each([
    // By the close code alone.
    [1001, '', 'upstream_lost'], [1006, '', 'server_unreachable'], [1008, '', 'bad_request'], [1009, '', 'bad_request'], [1011, '', 'server_error'],
    [3000, '', 'not_admitted'], [4000, '', 'bad_request'], [4001, '', 'signed_out'], [4003, '', 'access_withdrawn'], [4008, '', 'upstream_lost'], [4009, '', 'not_admitted'], [4029, '', 'rate_limited'],
    // By the status that refused the call.
    [0, 'network', 'server_unreachable'], [400, '', 'bad_request'], [401, '', 'signed_out'], [403, '', 'not_admitted'], [404, '', 'server_error'],
    [429, '', 'server_full'], [500, '', 'server_error'], [502, '', 'upstream_unavailable'], [503, '', 'server_full'], [504, '', 'upstream_unavailable'],
    // The reason knows better.
    [3000, 'invalid_request_error.invalid_api_key', 'key_refused'], [4000, 'invalid_request_error.invalid_model', 'model_unavailable'],
    [1001, 'invalid_request_error.session_expired', 'session_expired'], [1000, 'server_error.upstream_lost', 'upstream_lost'],
    [4000, 'rate_limit_error.rate_limit_exceeded', 'rate_limited'], [1011, 'server_error.engine_failed', 'engine_failed'],
    [4001, 'invalid_request_error.signed_out', 'signed_out'], [401, 'invalid_request_error.sign_in_required', 'signed_out'], [4029, 'rate_limit_error.client_too_fast', 'rate_limited'],
    [429, 'rate_limit_error.budget_spent', 'budget_spent'], [429, 'rate_limit_error.too_many_calls', 'too_many_calls'], [503, 'server_error.server_busy', 'server_busy'], [503, 'server_error.server_overloaded', 'server_busy'],
    [503, 'server_error.server_draining', 'server_draining'], [403, 'invalid_request_error.model_not_priced', 'model_not_priced'],
    [503, 'server_error.upstream_unavailable', 'upstream_unavailable'], [1011, 'server_error.never_heard_of', 'server_error'],
  ])('%i %s is %s', (code, reason, expected) => {
    expect(troubleOfClosure({ code, reason })?.code).toBe(expected)
  })

  it('is no trouble when the other side was done', () => {
    expect(troubleOfClosure({ code: 1000, reason: '' })).toBeUndefined()
    expect(troubleOfClosure({ code: 1000, reason: 'done' })).toBeUndefined()
  })

  it('knows when to try again, if the server said so with its refusal', () => {
    expect(troubleOfClosure({ code: 429, reason: 'rate_limit_error.budget_spent', detail: 'Spent.', retryAfterSeconds: 3600 })).toEqual({ code: 'budget_spent', detail: 'Spent.', retryAfterSeconds: 3600 })
  })

  it('takes the sentence that came before the close', () => {
    const fault = { code: 'server_error', detail: 'It fell over.', fatal: false } as const
    expect(troubleOfClosure({ code: 1011, reason: '', detail: 'other' }, fault)).toEqual({ code: 'server_error', detail: 'It fell over.' })
  })

  it.each(['toString', 'constructor', '__proto__'])('takes a reason that is called %s for one it does not know', reason => {
    expect(troubleOfClosure({ code: 1011, reason })).toMatchObject({ code: 'server_error' })
  })

  it('always has words in the page, whatever code and reason', () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 5000 }), fc.string(), (code, reason) => {
      const trouble = troubleOfClosure({ code, reason })
      expect(trouble === undefined ? code === 1000 : trouble.code in troubles && trouble.detail.length > 0).toBe(true)
    }))
  })
})

it('a microphone\'s fault keeps its code, and sound\'s its error', () => {
  expect(troubleOfMicrophone({ code: 'mic_busy', detail: 'in use' })).toEqual({ code: 'mic_busy', detail: 'in use' })
  expect(troubleOfOutput('audio_failed', new TypeError('no'))).toEqual({ code: 'audio_failed', detail: 'TypeError: no' })
})
