import { randomBytes } from 'node:crypto'

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

/** `item` → `item_` and 21 characters, as the API's ids look. */
export function randomId(prefix: string): string {
  let id = ''
  while (id.length < 21) {
    // 248 = 4 × 62: above it the remainder would favour the first letters.
    for (const byte of randomBytes(24)) if (byte < 248 && id.length < 21) id += LETTERS[byte % 62]
  }
  return `${prefix}_${id}`
}
