/**
 * Gives the scripts and styles that Nuxt itself wrote the response's nonce. Only for what its head manager rendered (`head` and
 * `bodyAppend`), never for the page's body: markup that got in there shall not run. Data in scripts can't look like a tag: its
 * `<` is escaped.
 */
export const withNonce = (chunks: readonly string[], nonce: string): string[] =>
  chunks.map(chunk => chunk.replace(/<(script|style)(?=[\s>])/g, `<$1 nonce="${nonce}"`))
