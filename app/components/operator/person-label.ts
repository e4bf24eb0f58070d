import type { PersonLine } from '../../../shared/spending.ts'

/** How a person is called: by name, or a sentence's key with what tells them apart. */
export type PersonLabel = { name: string } | { key: 'local' | 'others' | 'forgotten' } | { key: 'password' | 'oidc' | 'token' | 'anonymous', id: string }

const alone = ['local', 'others', 'forgotten'] as const
const kinds = ['password', 'oidc', 'token', 'anonymous'] as const
/** Of an id that says nothing to people: enough to tell two apart. */
const TELLING_CHARS = 8

export function personLabel({ person, name }: Pick<PersonLine, 'person' | 'name'>): PersonLabel {
  const single = alone.find(key => key === person)
  if (single) return { key: single }
  const key = kinds.find(kind => person.startsWith(`${kind}:`))
  if (!key) return { name: name ?? person }
  const id = person.slice(key.length + 1)
  if (name !== null && key !== 'token') return { name }
  return { key, id: key === 'token' || key === 'anonymous' ? id : id.slice(-TELLING_CHARS) }
}
