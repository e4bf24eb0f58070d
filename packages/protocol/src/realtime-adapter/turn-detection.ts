import type { TurnWish } from '../dialogue.ts'
import { serverVadDefaults } from '../session-config.ts'
import type { SemanticVad, ServerVad, TurnDetection } from '../session-config.ts'

/** A wish about turns → the wire's turn detection. Pure. */

const semanticVadDefaults = { type: 'semantic_vad', eagerness: 'auto', create_response: true, interrupt_response: true } as const satisfies SemanticVad

/** Pauses within what somebody says are rarely longer; who thinks aloud makes them of one to two seconds. */
const patientSilenceMs = 2500

/**
 * The detection that does as wished, `opened` where nothing is wished. Only fields that we know: whoever guards the session may refuse others.
 * @returns `opened` itself when it does already
 */
export function detectionFor(opened: TurnDetection | null, wish: TurnWish): TurnDetection | null {
  const base = baseFor(opened, wish.endedBy ?? 'as_opened')
  if (!base) return null
  const flags = {
    create_response: wish.answeredBy === undefined ? base.create_response : wish.answeredBy === 'server',
    interrupt_response: wish.interruptedBy === undefined ? base.interrupt_response : wish.interruptedBy === 'server',
  }
  const wished = base.type === 'semantic_vad' ? semantic(base, flags, wish.patient) : silent(base, flags, wish.patient)
  return opened && sameDetection(wished, opened) ? opened : wished
}

function baseFor(opened: TurnDetection | null, endedBy: TurnWish['endedBy'] | 'as_opened'): TurnDetection | null {
  switch (endedBy) {
    case 'page': return null
    case 'silence': return opened?.type === 'server_vad' ? opened : serverVadDefaults
    case 'sense': return opened?.type === 'semantic_vad' ? opened : semanticVadDefaults
    default: return opened
  }
}

type Flags = Pick<TurnDetection, 'create_response' | 'interrupt_response'>

const semantic = ({ eagerness }: SemanticVad, flags: Flags, patient = false): SemanticVad =>
  ({ type: 'semantic_vad', eagerness: patient ? 'low' : eagerness, ...flags })

function silent({ threshold, prefix_padding_ms, silence_duration_ms, idle_timeout_ms }: ServerVad, flags: Flags, patient = false): ServerVad {
  return {
    type: 'server_vad', threshold, prefix_padding_ms, silence_duration_ms: patient ? Math.max(patientSilenceMs, silence_duration_ms) : silence_duration_ms,
    idle_timeout_ms, ...flags,
  }
}

/** Whether `told` has every field of `asked`, as asked; a field that wasn't told is as good as `null`. */
export function sameDetection(asked: TurnDetection | null, told: TurnDetection | null): boolean {
  if (asked === null || told === null) return asked === told
  const tells = told as unknown as Record<string, unknown>
  return Object.entries(asked).every(([name, value]) => (tells[name] ?? null) === (value ?? null))
}
