import type { WireText } from './link.ts'

/** What the relay has to know of an upstream's message; the message itself goes on untouched. */
export type ServerEventGlance
  = | { kind: 'event', type: string }
    | { kind: 'error', type: string, code: string }
  /** Too long to be worth parsing (audio), but an object with a type. */
    | { kind: 'bulk' }
    | { kind: 'rubbish' }

/** Of a turn's events only audio deltas are longer, and nothing in them concerns the relay. */
const PARSED_BYTES = 4096
const OPEN = 0x7b
const CLOSE = 0x7d
const rubbish = { kind: 'rubbish' } as const

/** Looks at one message of the upstream. Never throws. */
export function glanceAt(text: WireText): ServerEventGlance {
  if (text.length > PARSED_BYTES) return glanceAtBulk(text)
  let event: unknown
  try {
    event = JSON.parse(text.toString())
  } catch {
    return rubbish
  }
  if (typeof event !== 'object' || event === null || Array.isArray(event)) return rubbish
  const { type, error } = event as { type?: unknown, error?: unknown }
  if (typeof type !== 'string') return rubbish
  if (type !== 'error') return { kind: 'event', type }
  const { type: errorType, code } = (error ?? {}) as { type?: unknown, code?: unknown }
  return { kind: 'error', type: typeof errorType === 'string' ? errorType : 'server_error', code: typeof code === 'string' ? code : 'server_error' }
}

function glanceAtBulk(text: WireText): ServerEventGlance {
  const bytes = typeof text === 'string' ? Buffer.from(text) : text
  const isObject = bytes[0] === OPEN && bytes[bytes.length - 1] === CLOSE
  return isObject && bytes.includes('"type"') ? { kind: 'bulk' } : rubbish
}

/** What a provider quotes of a key in its errors: `sk-proj-****abcd`. */
const KEY_LIKE = /\b(?:sk|ek|sess)-[\w*•.…-]{3,}/g
const CUT = '[key]'

/**
 * The message without the server's keys, should an upstream ever echo one, and without the pieces of a key that errors quote.
 * The same object when there was nothing to cut.
 */
export function withoutKeys(text: WireText, keys: readonly string[], isError: boolean): WireText {
  if (!isError && !keys.some(key => text.includes(key))) return text
  const clean = keys.reduce((rest, key) => rest.replaceAll(key, CUT), text.toString())
  return isError ? clean.replace(KEY_LIKE, CUT) : clean
}

/** A client's event that says nothing about whether someone is there: an open microphone sends it all the time. */
export function isAppend(text: WireText): boolean {
  const head = typeof text === 'string' ? text.slice(0, 160) : text.toString('latin1', 0, 160)
  return /"type"\s*:\s*"input_audio_buffer\.append"/.test(head)
}
