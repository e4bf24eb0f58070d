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
