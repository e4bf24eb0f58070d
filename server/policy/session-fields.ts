import type { ServerError, SessionUpdate, TranscriptionSessionUpdate } from '@kaiwa/protocol'
import { invalidValue, wireError } from '@kaiwa/protocol/errors'
import { notAllowed } from './not-allowed.ts'

/** The fields of the session that a page may change. What isn't named is the server's. */
export interface FreeFields {
  /** One of these, or any that the model has (`true`). */
  voice?: readonly string[] | true
  speed?: true
  /** How a turn's end is noticed; without it, only off and back to what it was. */
  turnDetection?: true
  noiseReduction?: true
}

/** Why a field may not become this value; undefined: it may. */
type FieldRule = (value: unknown, free: FreeFields) => ServerError | undefined

const VOICE = 'session.audio.output.voice'
const DETECTION = 'session.audio.input.turn_detection'
const field = (param: string) => notAllowed(`Changing '${param}'`, param)

/** Ranges are the schema's; what stands here is narrower. */
const fieldRules = new Map<string, FieldRule>([
  ['session.type', type => type === 'realtime' ? undefined : field('session.type')],
  [VOICE, (voice, { voice: free }) => {
    if (free === undefined || typeof voice !== 'string') return field(VOICE)
    return free === true || free.includes(voice) ? undefined : invalidValue(VOICE, voice, free)
  }],
  ['session.audio.output.speed', (_, { speed }) => speed ? undefined : field('session.audio.output.speed')],
  [DETECTION, (detection, { turnDetection }) => detection === null ? undefined : turnDetection ? detectionFault(detection) : field(DETECTION)],
  ['session.audio.input.noise_reduction', (_, { noiseReduction }) => noiseReduction ? undefined : field('session.audio.input.noise_reduction')],
])

/** Longest that a page may make the server wait, or keep. */
const maxDetectionMs = { prefix_padding_ms: 2_000, silence_duration_ms: 10_000 } as const

function detectionFault(detection: unknown): ServerError | undefined {
  const asked = detection as Record<string, unknown>
  // A model that speaks up by itself every few seconds is money spent on nobody.
  if (typeof asked.idle_timeout_ms === 'number') return field(`${DETECTION}.idle_timeout_ms`)
  for (const [name, maxMs] of Object.entries(maxDetectionMs)) {
    const ms = asked[name]
    const param = `${DETECTION}.${name}`
    if (typeof ms === 'number' && ms > maxMs) {
      return wireError('invalid_value', `Invalid '${param}': integer above maximum value. Expected a value <= ${maxMs}, but got ${ms} instead.`, { param })
    }
  }
  return undefined
}

/** An update that the schema has passed: the first field in it that isn't free refuses the whole. */
export function sessionFault(session: SessionUpdate | TranscriptionSessionUpdate, free: FreeFields): ServerError | undefined {
  for (const [param, value] of fieldsOf(session)) {
    const rule = fieldRules.get(param)
    const fault = rule ? rule(value, free) : field(param)
    if (fault) return fault
  }
  return undefined
}

/** The fields as rules name them: those directly in the session, and one by one those of `audio.input` and `audio.output`. */
function* fieldsOf(session: SessionUpdate | TranscriptionSessionUpdate): Generator<[string, unknown]> {
  for (const [name, value] of Object.entries(session)) {
    if (name !== 'audio') yield [`session.${name}`, value]
    else {
      for (const [side, fields] of Object.entries(value as Record<string, object>)) {
        for (const [inner, innerValue] of Object.entries(fields)) yield [`session.audio.${side}.${inner}`, innerValue]
      }
    }
  }
}
