import { createHash, timingSafeEqual } from 'node:crypto'
import type { Person } from './person.ts'

export type Program = Extract<Person, { by: 'token' }>

const digest = (text: string) => createHash('sha256').update(text).digest()

/** Whose bearer token that is. Digests are compared, and always with all: how long it takes tells nothing. */
export function createApiTokens(tokens: ReadonlyMap<string, string>): (token: string) => Program | undefined {
  const known = [...tokens].map(([name, token]) => ({ name, digest: digest(token) }))
  return token => {
    const given = digest(token)
    let found: Program | undefined
    for (const { name, digest } of known) if (timingSafeEqual(given, digest)) found = { by: 'token', id: name, name }
    return found
  }
}
