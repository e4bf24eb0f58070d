import { createHmac } from 'node:crypto'
import type { Person } from './person.ts'

/**
 * What a model's provider may know of a person: that it is the same one (`OpenAI-Safety-Identifier`), and nothing else.
 * HMAC-SHA256, 64 hexadecimal digits; undefined for somebody who can't be told apart.
 */
export function safetyIdentifierOf(person: Person, key: Uint8Array): string | undefined {
  return person.id === undefined ? undefined : createHmac('sha256', key).update(`safety-identifier\0${person.by}\0${person.id}`).digest('hex')
}
