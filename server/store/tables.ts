import type { ColumnType, Generated } from 'kysely'

/** What the tables hold, in the databases' words; `migrations.ts` makes them. Times are whole milliseconds, flags 0 or 1. */
export interface Tables {
  conversations: ConversationRow
  calls: CallRow
  items: ItemRow
  search_docs: SearchDocRow
  /** Responses, and transcriptions that are billed apart. */
  responses: ResponseRow
  latencies: LatencyRow
  events: EventRow
  audio: AudioRow
  persona_versions: PersonaVersionRow
  /** Sums by day, owner and model: they outlive conversations. */
  spending: SpendingSums
  /** Ids of what was deleted, for a time, so that entries which come late are passed over. */
  deleted_conversations: { id: string, at_ms: number }
  deleted_items: { conversation_id: string, item_id: string, at_ms: number }
  /** `owner_hash`: SHA-256 of an owner's key. */
  forgotten_owners: { owner_hash: string, at_ms: number }
}

export interface ConversationRow {
  id: string
  owner: string
  title: string | null
  summary: string | null
  title_by: 'words' | 'model' | 'person' | null
  persona_id: string | null
  persona_name: string | null
  began_at_ms: number
  last_at_ms: number
  calls: number
  items: number
  spoken_ms: number
  usd: number | null
  branch_of: string | null
  branch_after: string | null
  has_audio: number
  version: number
}

export interface CallRow {
  id: string
  conversation_id: string
  came_from: string
  transport: string
  brain: string
  model: string
  voice: string | null
  persona_version: string | null
  began_at_ms: number
  ended_at_ms: number | null
  ended_how: string | null
  ended_code: string | null
}

export interface ItemRow {
  conversation_id: string
  id: string
  call_id: string
  /** Of the entry that brought it, and of the latest. */
  first_seq: number
  seq: number
  /** When it came to be, and when it was last written. */
  at_ms: number
  changed_at_ms: number
  after_id: string | null
  kind: string
  role: string | null
  text: string
  text_state: string
  medium: string
  status: string
  cut_at_ms: number | null
  span_from_ms: number | null
  span_to_ms: number | null
  spoken_ms: number
  response_id: string | null
  name: string | null
  tool_call_id: string | null
  wire: string
}

export interface SearchDocRow {
  ref: Generated<number>
  conversation_id: string
  /** Empty: the title. */
  item_id: string
  /** Words between spaces in SQLite, a tsvector in PostgreSQL; `SearchDialect` writes and asks it. */
  words: ColumnType<never, string, string>
}

export interface ResponseRow {
  call_id: string
  id: string
  conversation_id: string
  kind: 'response' | 'transcription'
  at_ms: number
  status: string
  model: string
  /** JSON of a UsageAmount. */
  usage: string | null
  usd: number | null
  prices_of: string | null
}

export interface LatencyRow {
  call_id: string
  response_id: string
  conversation_id: string
  day: string
  at_ms: number
  speech_end_ms: number
  committed_ms: number | null
  first_text_ms: number | null
  first_audio_ms: number | null
  first_heard_ms: number | null
  relay_ms: number | null
}

export interface EventRow {
  call_id: string
  seq: number
  conversation_id: string
  at_ms: number
  direction: 'in' | 'out'
  event_type: string
  call_ms: number
  payload: string
}

export interface AudioRow {
  key: string
  call_id: string
  conversation_id: string
  item_id: string | null
  speaker: 'user' | 'assistant'
  sample_rate: number
  from_ms: number
  to_ms: number
  bytes: number
}

export interface PersonaVersionRow { version: string, persona_id: string, name: string, body: string }

export interface SpendingSums {
  day: string
  owner: string
  model: string
  /** Empty: no price. */
  prices_of: string
  responses: number
  usd: number | null
  text_in: number
  audio_in: number
  image_in: number
  cached_text: number
  cached_audio: number
  cached_image: number
  text_out: number
  audio_out: number
  transcription_seconds: number
}
