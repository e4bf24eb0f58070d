const KEY_PREFIX = 'openai-insecure-api-key.'

/** The key among the headers: `Authorization: Bearer …`, or a subprotocol of a browser, which can set no header. */
export function bearerIn({ authorization = '' }: { authorization?: string }, offered: readonly string[] = []): string | undefined {
  return /^Bearer +(\S+)\s*$/i.exec(authorization)?.[1] ?? offered.find(name => name.startsWith(KEY_PREFIX))?.slice(KEY_PREFIX.length)
}

/** The subprotocols of an upgrade. */
export const offeredIn = (header: string | undefined) => (header ?? '').split(',').map(name => name.trim()).filter(Boolean)
