import type { Log } from '../log.ts'
import { describeFault, type RelayFault } from '../relay/fault.ts'
import type { AudioFlow } from '../relay/audio-flow.ts'
import type { RelayObserver } from '../relay/observer.ts'
import type { RelayEnd } from '../relay/relay.ts'
import { needsOperator } from '../relay/upstream-words.ts'

/** One line of the log for each step of a call's life, each with the call's id. */
export interface CallStory {
  observer: RelayObserver
  /** The talker is gone, and the model has still to say what its answers cost. */
  settling(responses: number): void
  ended(how: RelayEnd): void
}

export interface CallStoryOptions { callId: string, log: Log, nowMs(): number, alert: OperatorAlert }

export function createCallStory({ callId: call, log, nowMs, alert }: CallStoryOptions): CallStory {
  const beganAtMs = nowMs()
  let clientBytes = 0
  let flow: Pick<AudioFlow, 'messageBytes'> | undefined
  let modelBytes = 0
  let responses = 0
  const refused = new Map<string, number>()

  /** The first of each kind at once; how many there were, at the end. The kinds are few: they are ours. */
  function noteRefused(code: string) {
    const before = refused.get(code) ?? 0
    refused.set(code, before + 1)
    // While a call ends whatever is said is refused: no reason to look.
    if (before === 0) log[code === 'call_ending' ? 'info' : 'warn']({ call, code }, 'event refused')
  }

  return {
    observer: {
      flows(sums) { flow = sums },
      opened(dialedMs) { log.info({ call, dialMs: Math.round(dialedMs) }, 'upstream open') },
      clientEvent(_type, bytes) { clientBytes += bytes },
      passed(_type, bytes) { modelBytes += bytes },
      serverEvent(event) { if (event.type === 'response.done') responses++ },
      refused: noteRefused,
    },
    settling(open) { log.info({ call, open }, 'call settling') },
    ended(how) {
      const facts = {
        call, lastedMs: Math.round(nowMs() - beganAtMs), clientBytes: clientBytes + (flow?.messageBytes ?? 0), modelBytes, responses,
        ...(refused.size > 0 && { refused: Object.fromEntries(refused) }),
      }
      switch (how.by) {
        case 'client': return log.info({ ...facts, closeCode: how.code }, 'call ended by the client')
        case 'upstream':
          log.warn({ ...facts, closeCode: how.code, reason: how.reason, fault: how.fault.code }, 'call ended by the upstream')
          return alert.hear(how.fault)
        case 'fault':
          log[levelOf(how.fault)]({ ...facts, fault: how.fault }, `call ended: ${how.fault.code}`)
          return alert.hear(how.fault)
        default: return how satisfies never
      }
    },
  }
}

/** What is as it should be, what somebody did wrong, and what failed. */
function levelOf({ code }: RelayFault): 'info' | 'warn' | 'error' {
  switch (code) {
    case 'call_idle': case 'call_too_long': case 'server_draining': case 'signed_out': case 'budget_spent': case 'session_expired': return 'info'
    case 'client_too_slow': case 'client_too_fast': case 'rules_broken': case 'access_withdrawn': case 'upstream_resting': case 'webrtc_unavailable': case 'offer_refused': case 'webrtc_not_connected': return 'warn'
    case 'upstream_unreachable': case 'upstream_refused': case 'upstream_lost': case 'upstream_stalled': case 'upstream_babble': case 'engine_failed':
    case 'upstream_no_answer': case 'sideband_lost': return 'error'
    default: return code satisfies never
  }
}

const ALERT_MS = 60_000

/** Tells whoever runs the server of what only they can mend. */
export interface OperatorAlert { hear(fault: RelayFault): void }

/** One alert a minute: a wrong key fails every call. */
export function createOperatorAlert(log: Log, nowMs: () => number): OperatorAlert {
  let quietUntilMs = -Infinity
  return {
    hear(fault) {
      if (!needsOperator(fault) || nowMs() < quietUntilMs) return
      quietUntilMs = nowMs() + ALERT_MS
      log.error({ alert: 'operator', fault: fault.code }, describeFault(fault).message)
    },
  }
}
