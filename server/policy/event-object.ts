import type { ServerError } from '@kaiwa/protocol'
import { invalidType, wireError } from '@kaiwa/protocol/errors'
import type { WireText } from '../relay/link.ts'

/** A message that is at least an event: an object with a type. */
export type EventReading = { ok: true, value: Record<string, unknown>, type: string } | { ok: false, error: ServerError }

/** Short texts are parsed without further ado: there is no room in them to be costly. */
const LIGHT_BYTES = 64 * 1024
/** Far more than an event of the protocol has. JSON within this costs milliseconds; 20 MiB of brackets would cost seconds, and everyone's. */
const MAX_DEPTH = 512
const MAX_VALUES = 250_000

const refuse = (error: ServerError): EventReading => ({ ok: false, error })

/** Parses one message, in the API's words when it is no event. Never throws. */
export function readEvent(text: WireText): EventReading {
  const cost = text.length > LIGHT_BYTES ? costOf(text) : undefined
  // What isn't parsed is, to the client, what can't be.
  if (cost) return refuse(wireError('invalid_json', `Invalid event: ${cost}.`))
  let value: unknown
  try {
    value = JSON.parse(text.toString())
  } catch {
    return refuse(wireError('invalid_json', 'Invalid event: failed to parse JSON value. Please check the value to ensure it is valid JSON.'))
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return refuse(wireError('invalid_event', 'Invalid event: expected a JSON object.'))
  const { type } = value as Record<string, unknown>
  const eventId = eventIdOf(value as Record<string, unknown>)
  if (type === undefined) return refuse(wireError('invalid_event', 'The \'type\' field is missing.', { param: 'type', eventId }))
  if (typeof type !== 'string') return refuse(invalidType('type', 'a string', type === null ? 'null' : typeof type, eventId))
  return { ok: true, value: value as Record<string, unknown>, type }
}

/** The client's own id of an event, for the error that answers it. */
export const eventIdOf = ({ event_id: id }: Record<string, unknown>): string | null => typeof id === 'string' ? id.slice(0, 512) : null

const [QUOTE, BACKSLASH, COMMA, OPEN_ARRAY, CLOSE_ARRAY, OPEN_OBJECT, CLOSE_OBJECT] = [0x22, 0x5C, 0x2C, 0x5B, 0x5D, 0x7B, 0x7D]

/** What would make a long text dear to parse, if something would. Looks at each byte once. */
function costOf(text: WireText): string | undefined {
  const bytes = typeof text === 'string' ? Buffer.from(text) : text
  let depth = 0
  let values = 0
  let inString = false
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]
    if (inString) {
      if (byte === BACKSLASH) at++
      else if (byte === QUOTE) inString = false
    } else if (byte === QUOTE) inString = true
    else if (byte === COMMA) values++
    else if (byte === OPEN_ARRAY || byte === OPEN_OBJECT) depth++
    else if (byte === CLOSE_ARRAY || byte === CLOSE_OBJECT) depth--
    if (depth > MAX_DEPTH) return `nested deeper than ${MAX_DEPTH} levels`
    if (values > MAX_VALUES) return `more than ${MAX_VALUES} values`
  }
  return undefined
}
