import { describe, expect, it } from 'vitest'
import { closeReason, describeFault, errorEvent, type RelayFault } from '../../../../server/relay/fault.ts'
import { boundedReason, isSendable } from '../../../../server/relay/link.ts'

const refused = (status: number, saidCode?: string, retryAfterMs?: number): RelayFault => ({ code: 'upstream_refused', status, saidCode, retryAfterMs })

const faults: [RelayFault, string, number][] = [
  [refused(401), 'invalid_api_key', 3000],
  [refused(403), 'invalid_api_key', 3000],
  [refused(404), 'model_not_found', 4000],
  [refused(429), 'rate_limit_exceeded', 4000],
  [refused(429, 'insufficient_quota'), 'insufficient_quota', 4000],
  [refused(503), 'upstream_unavailable', 1011],
  [{ code: 'upstream_unreachable', why: 'dns', tries: 4 }, 'upstream_unavailable', 1011],
  [{ code: 'upstream_lost', closeCode: 1006, reason: '' }, 'upstream_lost', 1011],
  [{ code: 'upstream_stalled', unsentBytes: 1 }, 'upstream_lost', 1011],
  [{ code: 'upstream_babble', count: 21 }, 'upstream_lost', 1011],
  [{ code: 'client_too_slow', unreadBytes: 1 }, 'client_too_slow', 4008],
  [{ code: 'engine_failed', detail: 'No model.' }, 'engine_failed', 1011],
  [{ code: 'call_too_long', minutes: 120 }, 'call_too_long', 1001],
  [{ code: 'call_idle', seconds: 300 }, 'call_idle', 1001],
  [{ code: 'server_draining' }, 'server_draining', 1001],
  [{ code: 'webrtc_unavailable', why: 'No UDP port is free.' }, 'webrtc_unavailable', 1011],
  [{ code: 'offer_refused', why: 'It has no audio.' }, 'invalid_offer', 4000],
  [{ code: 'upstream_no_answer', what: 'not_sdp' }, 'upstream_unavailable', 1011],
  [{ code: 'sideband_lost', closeCode: 1006 }, 'sideband_lost', 1011],
  [{ code: 'webrtc_not_connected', seconds: 20 }, 'webrtc_not_connected', 4000],
]

describe('what a client is told', () => {
  it.each(faults)('%o: %s, closed %i', (fault, code, closeCode) => {
    const notice = describeFault(fault)
    expect(notice).toMatchObject({ code, closeCode })
    expect(notice.message).toMatch(/^[A-Z].*\.$/)
    expect(isSendable(closeCode)).toBe(true)
    expect(boundedReason(closeReason(notice))).toBe(closeReason(notice))
    expect(JSON.parse(errorEvent(notice, 'event_1'))).toEqual({
      type: 'error', event_id: 'event_1', error: { type: notice.type, code, message: notice.message, param: null, event_id: null },
    })
  })
})

describe('a close', () => {
  it('has a reason of at most 123 bytes that is whole text', () => {
    const reason = boundedReason('会'.repeat(100))
    expect(Buffer.byteLength(reason)).toBeLessThanOrEqual(123)
    expect(reason).toBe('会'.repeat(41))
    expect(boundedReason(`${'x'.repeat(122)}😀`)).toBe('x'.repeat(122))
  })

  it.each([1005, 1006, 1015, 999, 2999, 5000])('is never sent with %i', code => { expect(isSendable(code)).toBe(false) })
})
