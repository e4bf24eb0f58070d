/** What the page and the server say to each other about a call, over HTTP and as `kaiwa.*` events. */

export interface CallLimits { max_call_minutes: number, idle_seconds: number }

/** Answer of `POST /api/calls` (201). The ticket opens one connection. */
export interface CallGrant {
  call_id: string
  conversation_id: string
  ticket: string
  /** Unix seconds. */
  expires_at: number
  /** WebSocket address, absolute. */
  url: string
  limits: CallLimits
}

/** Every refusal, before or instead of an upgrade, has this body. */
export interface Refusal { error: { type: string, code: string, message: string, /** The field of the body that is wrong. */ param?: string | null } }

/** First event on a `kaiwa.v1` connection. */
export interface KaiwaCallEvent {
  type: 'kaiwa.call'
  event_id: string
  call_id: string
  conversation_id: string
  limits: CallLimits
  resume_ticket: string | null
  seq: number
}

export interface KaiwaDrainingEvent { type: 'kaiwa.draining', event_id: string, seconds: number }
