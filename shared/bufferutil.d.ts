/** Declared here because the page's check follows Nitro's route types into the server, and its configuration leaves `server` out. */
declare module 'bufferutil' {
  /** Writes `source`, exclusive-or'ed with the four bytes of `key`, to `output` from `offset` on. The two may overlap exactly. */
  export function mask(source: Uint8Array, key: Uint8Array, output: Uint8Array, offset: number, length: number): void
  export function unmask(buffer: Uint8Array, key: Uint8Array): void
  const both: { mask: typeof mask, unmask: typeof unmask }
  export default both
}
