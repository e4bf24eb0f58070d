import { describeFault, type RelayFault } from '../relay/fault.ts'
import { refusal, type Refusal } from './admission.ts'

/** A call that failed before it was answered, over HTTP; undefined: its caller had left, and nobody reads it. */
export function refusalOfFault(fault: RelayFault | undefined): Refusal {
  if (!fault) return refusal(503, 'caller_left', 'Whoever asked had left.')
  const { code, message } = describeFault(fault)
  return refusal(statusOf(fault, code), code, message, waitS(fault))
}

/** Whose the trouble is: the asker's (4xx), this server's (501, 503), or that of the model's provider with this server (502). */
function statusOf(fault: RelayFault, code: string): Refusal['status'] {
  switch (fault.code) {
    case 'offer_refused': return 400
    case 'signed_out': return 401
    case 'access_withdrawn': return 403
    case 'budget_spent': return 429
    case 'webrtc_unavailable': return 501
    case 'upstream_no_answer': return 502
    case 'upstream_refused':
      // Its 401 is about the server's own key: told as a 401, callers would doubt theirs.
      return code === 'rate_limit_exceeded' || code === 'insufficient_quota' ? 429 : code === 'upstream_unavailable' ? 503 : 502
    default: return 503
  }
}

function waitS(fault: RelayFault): number | undefined {
  const waitMs = fault.code === 'upstream_refused' || fault.code === 'upstream_resting' ? fault.retryAfterMs : undefined
  return waitMs === undefined ? undefined : Math.max(1, Math.ceil(waitMs / 1000))
}
