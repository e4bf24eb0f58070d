import type { WireText } from '../relay/link.ts'

const QUOTE = 0x22
const COLON = 0x3A
/** Ids stand before the audio. */
const HEAD_BYTES = 400
const ITEM_ID = /"item_id"\s*:\s*"([^"\\]{1,128})"/

/** Where in a message its base64 stands: from the first sign to after the last. */
export interface Base64Place { from: number, to: number }

/**
 * Looks for the audio of an `input_audio_buffer.append` (`audio`) or a `response.output_audio.delta` (`delta`) without parsing it:
 * base64 has neither quotes nor escapes. Undefined: there is none.
 */
export function audioIn(text: WireText, key: 'audio' | 'delta'): Base64Place | undefined {
  const name = key === 'audio' ? '"audio"' : '"delta"'
  const at = text.indexOf(name)
  if (at < 0) return undefined
  let from = at + name.length
  while (isGap(codeAt(text, from))) from++
  if (codeAt(text, from) !== QUOTE) return undefined
  from++
  const to = typeof text === 'string' ? text.indexOf('"', from) : text.indexOf(QUOTE, from)
  return to < 0 ? undefined : { from, to }
}

const codeAt = (text: WireText, at: number) => typeof text === 'string' ? text.charCodeAt(at) : text[at]
const isGap = (code: number | undefined) => code === COLON || code === 0x20 || code === 0x09 || code === 0x0A || code === 0x0D

/** How much audio base64 stands for, its padding told apart. */
export function bytesOfBase64(text: WireText, { from, to }: Base64Place): number {
  let end = to
  while (end > from && codeAt(text, end - 1) === 0x3D) end--
  return Math.floor((end - from) * 3 / 4)
}

/** Whose piece a delta is; undefined: it doesn't say so at its beginning. */
export function itemOf(text: WireText): string | undefined {
  return ITEM_ID.exec(typeof text === 'string' ? text.slice(0, HEAD_BYTES) : text.toString('latin1', 0, HEAD_BYTES))?.[1]
}
