import { describeFault, type FaultNotice, type RelayFault } from './fault.ts'
import type { SaidError } from './server-event.ts'

/** Codes of an upstream's errors that are the operator's to mend: what is wrong with the account is nobody else's to read. */
const operators = new Set(['invalid_api_key', 'insufficient_quota', 'account_deactivated', 'billing_hard_limit_reached'])

/** After its upgrade an upstream may still refuse, in an `error` event and a close: the same fault as a refusal in HTTP. */
const refusals = new Set([...operators, 'rate_limit_exceeded', 'model_not_found', 'invalid_model', 'missing_model'])

/** What our client reads instead of such an error; undefined: the upstream's words do. */
export const inOurWords = ({ code }: SaidError): FaultNotice | undefined => operators.has(code) ? describeFault(refused(code)) : undefined

/** Why the upstream closed: by what it said last, else by the reason (`<type>.<code>`) of its close. */
export function faultOfClose(closeCode: number, reason: string, said: SaidError | undefined): RelayFault {
  const code = said?.code ?? reason.split('.').at(-1) ?? ''
  if (code === 'session_expired') return { code: 'session_expired' }
  return refusals.has(code) ? refused(code) : { code: 'upstream_lost', closeCode, reason }
}

const refused = (saidCode: string): RelayFault => ({ code: 'upstream_refused', status: undefined, saidCode, retryAfterMs: undefined })

/** Only whoever runs the server can mend it: worth waking somebody. */
export function needsOperator(fault: RelayFault): boolean {
  return fault.code === 'upstream_refused' && (fault.status === 401 || fault.status === 403 || operators.has(fault.saidCode ?? ''))
}
