import { readFileSync } from 'node:fs'

/** The machine list of the protocol: every event and every field (see the fixture's README). */

export interface EventShape { type: string, required: string[], optional: string[], fieldTypes: Record<string, string> }
export interface FieldShape {
  /** Dotted, below the object it belongs to. */
  path: string
  optional: boolean
  type: string
  /** The `type` of the object that holds it, where there are several. */
  variant?: string
}
export interface ProtocolList {
  client: EventShape[]
  server: EventShape[]
  items: EventShape[]
  session: { realtime: FieldShape[], transcription: FieldShape[] }
  responseCreate: FieldShape[]
  response: FieldShape[]
}

export const protocolList = JSON.parse(readFileSync(new URL('../fixtures/protocol/events.json', import.meta.url), 'utf8')) as ProtocolList

type Fields = Record<string, unknown>

/** What has to stand beside a field, so that it is the one that is wrong. */
const company: Record<string, Fields> = {
  'audio.input.noise_reduction': { type: 'near_field' },
  prompt: { id: 'pmpt_x' },
  truncation: { type: 'retention_ratio', retention_ratio: 0.5 },
}

/** `a.b` and a value → `{ a: { b: value } }`; the object that holds it is otherwise right. */
export function placed({ path, variant }: Pick<FieldShape, 'path' | 'variant'>, value: unknown): Fields {
  const keys = path.split('.')
  const name = keys.pop()!
  const known = keys.some((_, at) => company[keys.slice(0, at + 1).join('.')])
  const holder: Fields = { ...(keys.length > 0 && variant !== undefined && !known && { type: variant }), ...company[keys.join('.')], [name]: value }
  return keys.reduceRight<Fields>((inner, key, at) => ({ ...company[keys.slice(0, at).join('.')], [key]: inner }), holder)
}
