import type { UsageAmount } from './calls.ts'

/*
 * What the page and the server say to each other about conversations that are kept:
 *
 * GET    /api/conversations?q=&after=&limit=            ConversationList
 * GET    /api/conversations/{id}                        KeptConversation
 * PATCH  /api/conversations/{id}                        RenameBody → ConversationCard, or 409 `changed_elsewhere`
 * DELETE /api/conversations/{id}                        204
 * DELETE /api/conversations/{id}/items/{item}           204; live, the model forgets it, too
 * GET    /api/conversations/{id}/events?after=&limit=   KeptEvents
 * GET    /api/conversations/{id}/audio                  KeptVoices: which stretches there are
 * GET    /api/conversations/{id}/audio?voice=user|assistant&call=   WAV of one voice of one call on the call's clock, with `Range`
 * GET    /api/conversations/{id}/export?format=md|json|srt|vtt|wav   a file; 404 `no_audio`
 * GET    /api/me/export                                 JSON with everything of this person
 * DELETE /api/me/data                                   DeletedData
 *
 * Going on: `POST /api/calls` with `conversation_id`, branching off with `after_item_id` beside it.
 *
 * Refusals have the body `Refusal` of calls.ts. Codes: 404 `conversation_not_found`, `item_not_found`, `nothing_kept` (KAIWA_STORE=none), `no_audio`;
 * 409 `changed_elsewhere`, `conversation_busy` (a call goes on in it already); 400 `invalid_value`; 401 `sign_in_required`;
 * 503 `store_unavailable` with `Retry-After`. Times are Unix milliseconds; `Span`s are milliseconds of their call.
 */

export type ExportFormat = 'md' | 'json' | 'srt' | 'vtt' | 'wav'

/** A conversation in a list. */
export interface ConversationCard {
  id: string
  /** Null: nothing was said yet that could give one. */
  title: string | null
  /** Who gave it; a person's is never replaced. */
  title_by: 'words' | 'model' | 'person' | null
  summary: string | null
  persona: { id: string, name: string } | null
  began_at_ms: number
  last_at_ms: number
  call_count: number
  item_count: number
  spoken_ms: number
  /** US dollars; null: nothing had a price. */
  usd: number | null
  /** Where it branched off; the origin may be gone. */
  branch_of: { conversation_id: string, after_item_id: string | null } | null
  has_audio: boolean
  /** A call goes on in it now. */
  live: boolean
  /** Has to be named by whoever renames. */
  version: number
  /** Of a search: where it was found, with its surroundings in plain text; null: in the title, or not searched for. */
  found: { item_id: string, snippet: string } | null
}

export interface ConversationList {
  conversations: ConversationCard[]
  /** For `after`; null: that was all. */
  next: string | null
}

/** Body of `PATCH`. An empty title takes a person's away: the next best one comes back. */
export interface RenameBody { title: string, version: number }

/** Milliseconds since the call began; below 0: said while the line was being made. */
export interface KeptSpan { from_ms: number, to_ms: number }

export interface KeptCall {
  id: string
  /** The conversation itself, or the one it branched off from. */
  conversation_id: string
  began_at_ms: number
  /** Null: goes on, or its end wasn't seen. */
  ended_at_ms: number | null
  /** `client`, `upstream`, `fault`; null as above. */
  ended_how: string | null
  model: string
  brain: string
  transport: string
  persona: { id: string, name: string } | null
}

export interface KeptItem {
  id: string
  /** That of the conversation, or of the one it branched off from: those can't be deleted here. */
  conversation_id: string
  call_id: string
  at_ms: number
  kind: 'message' | 'function_call' | 'function_call_output' | 'other'
  role: 'user' | 'assistant' | 'system' | null
  /** What was said, typed or written; of a call its arguments, of its output the result. */
  text: string
  text_state: 'pending' | 'final' | 'unavailable'
  /** Of a cut item, what was heard of its text, as an estimate down to whole words; else null. */
  heard_text: string | null
  medium: 'voice' | 'text'
  status: 'in_progress' | 'completed' | 'incomplete'
  /** So much of its own audio had been heard. */
  cut_at_ms: number | null
  /** When it was spoken; ends where it was cut. */
  span: KeptSpan | null
  response_id: string | null
  /** Of a tool. */
  name: string | null
  /** Joins a function call and its output. */
  tool_call_id: string | null
}

export interface KeptResponse { id: string, call_id: string, at_ms: number, status: string, model: string, usage: UsageAmount | null, prices_of: string | null }

/** Milliseconds after the end of the user's speech, by the server's clock; null: didn't happen. */
export interface KeptLatency {
  response_id: string
  call_id: string
  at_ms: number
  /** The end of speech, ms of the call. */
  speech_end_ms: number
  committed_ms: number | null
  first_text_ms: number | null
  first_audio_ms: number | null
  first_heard_ms: number | null
  relay_ms: number | null
}

/** A whole conversation, without its events and its audio. */
export interface KeptConversation extends ConversationCard {
  calls: KeptCall[]
  /** In order. Of a branch those of its origin up to the branching point come first. */
  items: KeptItem[]
  /** The last item that a branch has from its origin; null: no branch, or the origin is gone. */
  branched_after: string | null
  /** Of the conversation itself. */
  responses: KeptResponse[]
  latencies: KeptLatency[]
  /** What can be had as a file. */
  formats: ExportFormat[]
}

export interface KeptEvent {
  call_id: string
  seq: number
  /** `in`: from the model. */
  direction: 'in' | 'out'
  type: string
  /** Ms of the call. */
  call_ms: number
  /** JSON, without sound, cut at some kB. */
  payload: string
}
export interface KeptEvents { events: KeptEvent[], next: string | null }

/** One stretch of a voice. */
export interface KeptStretch { item_id: string | null, voice: 'user' | 'assistant', span: KeptSpan }

/**
 * The voices of each call that has any. In the WAV of a voice (`href`) time 0 is `from_ms` of the call, silence included; it is as long as the
 * call's other voice.
 */
export interface KeptVoices {
  calls: {
    call_id: string
    conversation_id: string
    /** Where both files begin, ms of the call: 0, or below. */
    from_ms: number
    duration_ms: number
    voices: { voice: 'user' | 'assistant', sample_rate: number, href: string }[]
    stretches: KeptStretch[]
  }[]
}

/** Answer of `DELETE /api/me/data`. */
export interface DeletedData { conversations: number }

/** Of `POST /api/calls` with `conversation_id`: what goes on. */
export interface ContinuedGrant {
  /** The conversation that goes on, or from which it branched off. */
  of: string
  /** Null: it goes on from its end. */
  after_item_id: string | null
  /** Items that the model is told anew, in order. Its events tell of them as of new ones (`conversation.item.added`): they are old. */
  told_item_ids: string[]
  /** Earlier ones that don't fit any more. */
  left_out_items: number
  /** The persona of then is gone: another one takes its place. */
  persona_replaced: boolean
}
