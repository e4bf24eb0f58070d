import type { ServerEventFacts } from './gate.ts'
import type { WireText } from './link.ts'

/** What the relay has to know of an upstream's message; the message itself goes on untouched. */
export type ServerEventGlance
  /** One of the many: a piece of voice or text. Nothing in it concerns the relay, so it wasn't parsed. */
  = | { kind: 'delta', type: string }
    | { kind: 'event', event: ServerEventFacts }
    | { kind: 'rubbish' }

/** Nine of ten events of a turn. */
const deltas = [
  'response.output_audio.delta',
  'response.output_audio_transcript.delta',
  'response.output_text.delta',
  'response.function_call_arguments.delta',
  'response.mcp_call_arguments.delta',
  'conversation.item.input_audio_transcription.delta',
]
const glances = new Map(deltas.map(type => [type, { kind: 'delta', type } as const]))
const rubbish = { kind: 'rubbish' } as const

/** The type stands first, or after the event's id: servers write either. Where it stands elsewhere the event is parsed, which is never wrong. */
const HEAD = /^\{\s*(?:"event_id"\s*:\s*"[\w-]*"\s*,\s*)?"type"\s*:\s*"([\w.]+)"/
const HEAD_BYTES = 128
const OPEN = 0x7b
const CLOSE = 0x7d

/** Looks at one message of the upstream. Never throws. */
export function glanceAt(text: WireText): ServerEventGlance {
  const head = typeof text === 'string' ? text.slice(0, HEAD_BYTES) : text.toString('latin1', 0, HEAD_BYTES)
  const type = HEAD.exec(head)?.[1]
  const delta = type === undefined ? undefined : glances.get(type)
  if (delta) return isBraced(text) ? delta : rubbish
  return parsed(text)
}

function isBraced(text: WireText): boolean {
  return typeof text === 'string' ? text.startsWith('{') && text.endsWith('}') : text[0] === OPEN && text[text.length - 1] === CLOSE
}

function parsed(text: WireText): ServerEventGlance {
  let event: unknown
  try {
    event = JSON.parse(text.toString())
  } catch {
    return rubbish
  }
  if (typeof event !== 'object' || event === null || Array.isArray(event)) return rubbish
  return typeof (event as { type?: unknown }).type === 'string' ? { kind: 'event', event: event as ServerEventFacts } : rubbish
}

/** What an `error` event of an upstream says, read leniently. */
export interface SaidError { type: string, code: string }

export function saidError({ error }: ServerEventFacts): SaidError {
  const { type, code } = (typeof error === 'object' && error !== null ? error : {}) as { type?: unknown, code?: unknown }
  return { type: typeof type === 'string' ? type : 'server_error', code: typeof code === 'string' ? code : 'server_error' }
}

/** What a provider quotes of a key in its errors: `sk-proj-****abcd`. */
const KEY_LIKE = /\b(?:sk|ek|sess)-[\w*•.…-]{3,}/g
const CUT = '[key]'

/**
 * The message without the server's keys, should an upstream ever echo one, and without the pieces of a key that errors quote.
 * The same object when there was nothing to cut.
 */
export function withoutKeys(text: WireText, keys: readonly (string | Buffer)[], isError: boolean): WireText {
  if (!isError && !keys.some(key => text.includes(key as string))) return text
  const clean = keys.reduce<string>((rest, key) => rest.replaceAll(key.toString(), CUT), text.toString())
  return isError ? clean.replace(KEY_LIKE, CUT) : clean
}
