import type { WireText } from '../relay/link.ts'

/** Letters looked at in one go: a multiple of four, so that only the last piece may hold padding. */
const PIECE_CHARS = 64 * 1024
/** What decoding writes to and nobody reads: the native decoder leaves out what isn't base64, so the length tells. */
const scratch = Buffer.allocUnsafe(PIECE_CHARS / 4 * 3)

/**
 * How many bytes the padded base64 (RFC 4648 section 4) of `text[from, to)` holds; undefined when it isn't that: foreign letters, spaces, the
 * URL alphabet, wrong length, padding inside. Nothing is kept; five times as fast as looking at each letter.
 */
export function base64Bytes(text: WireText, from: number, to: number): number | undefined {
  if (to < from || (to - from) % 4 !== 0) return undefined
  let bytes = 0
  for (let at = from; at < to; at += PIECE_CHARS) {
    const end = Math.min(at + PIECE_CHARS, to)
    const held = typeof text === 'string' ? narrowBytes(text.slice(at, end), end === to) : pieceBytes(text.toString('latin1', at, end), end === to)
    if (held === undefined) return undefined
    bytes += held
  }
  return bytes
}

function pieceBytes(piece: string, isLast: boolean): number | undefined {
  const padding = !isLast || !piece.endsWith('=') ? 0 : piece.endsWith('==') ? 2 : 1
  const bytes = piece.length / 4 * 3 - padding
  // The decoder takes the URL alphabet, too.
  return scratch.write(piece, 'base64') === bytes && !piece.includes('-') && !piece.includes('_') ? bytes : undefined
}

/** The decoder goes by the low byte of a wide letter. Bytes read as Latin-1 have none, and asking costs more than all the rest. */
const narrowBytes = (piece: string, isLast: boolean) => Buffer.byteLength(piece) === piece.length ? pieceBytes(piece, isLast) : undefined
