import type { WireText } from '../relay/link.ts'
import { base64Bytes } from './base64-bytes.ts'

/** What a `JSON.stringify` of `{ type, audio }` begins and ends with: our page, and most clients in JavaScript. */
const HEAD = '{"type":"input_audio_buffer.append","audio":"'
const TAIL = '"}'
const QUOTE = 0x22
/** Longer than any head or tail below. */
const AROUND_CHARS = 160

/**
 * What may stand before and after the audio: `type` once and `event_id` at most once, in the orders and with the spaces that clients write.
 * (Python's `json.dumps` puts a space behind `:` and `,`; some put `audio` or `event_id` first.)
 */
const headForm = /^\{("event_id": ?"[\w.:-]{1,64}", ?)?("type": ?"input_audio_buffer\.append", ?)?"audio": ?"/
const tailForm = /^"(, ?"type": ?"input_audio_buffer\.append")?(, ?"event_id": ?"[\w.:-]{1,64}")?\}$/

/**
 * Looks at a message without parsing it: the bytes of audio of an append that says nothing else, undefined for whatever isn't plainly one
 * (which may still be an append: the slow road decides). Never throws.
 *
 * Sure without a parser: all of the text is one of the forms above around letters of base64, so that no key can hide in it or come twice.
 */
export function canonicalAppend(text: WireText): number | undefined {
  const head = piece(text, 0, AROUND_CHARS)
  const isPlain = head.startsWith(HEAD)
  const form = isPlain ? null : headForm.exec(head)
  if (!isPlain && !form) return undefined
  const from = form ? form[0].length : HEAD.length
  const to = typeof text === 'string' ? text.indexOf('"', from) : text.indexOf(QUOTE, from)
  if (to < 0 || text.length - to > AROUND_CHARS) return undefined
  const tail = piece(text, to, text.length)
  if (!(isPlain && tail === TAIL) && !fitsTail(tail, { hasType: isPlain || form?.[2] !== undefined, hasEventId: form?.[1] !== undefined })) return undefined
  return base64Bytes(text, from, to)
}

function fitsTail(tail: string, { hasType, hasEventId }: { hasType: boolean, hasEventId: boolean }): boolean {
  const form = tailForm.exec(tail)
  return form !== null && hasType !== (form[1] !== undefined) && !(hasEventId && form[2] !== undefined)
}

/** Bytes as letters one by one: whatever isn't ASCII fits none of the forms. */
const piece = (text: WireText, from: number, to: number) => typeof text === 'string' ? text.slice(from, to) : text.toString('latin1', from, Math.min(to, text.length))
