import type { RealtimeSession, ServerError, SessionUpdate, TranscriptionSession, TranscriptionSessionUpdate } from '@kaiwa/protocol'
import { defaultSession, updateSession } from './session-config.ts'
import { forIntent, servedSession, updateFor } from './transcription-session.ts'
import type { Intent } from './transcription-session.ts'

export interface InitialFacts { id: string, model: string, voice: string, expiresAtMs: number }

/** How a session begins: the defaults with what was asked for beforehand. What can't be had is left out as a whole, and told. */
export function initialSession(
  facts: InitialFacts, intent: Intent, asked: SessionUpdate | TranscriptionSessionUpdate | undefined,
): { session: RealtimeSession, refusal?: ServerError } {
  const session = forIntent(defaultSession(facts), intent)
  if (!asked) return { session }
  const own = updateFor(asked, intent)
  if (!own.ok) return { session, refusal: own.error }
  const change = updateSession(session, own.update, { voiceLocked: false })
  return change.ok ? { session: change.session } : { session, refusal: change.error }
}

/**
 * The session that these defaults will begin with, as it would be served, before there is one: `expires_at` is 0.
 * Its kind is the kind of what is asked; nothing asked is a conversation.
 */
export function plannedSession(
  facts: Omit<InitialFacts, 'expiresAtMs'>, asked: SessionUpdate | TranscriptionSessionUpdate | undefined,
): { ok: true, session: RealtimeSession | TranscriptionSession } | { ok: false, error: ServerError } {
  const intent = asked?.type === 'transcription' ? 'transcription' : 'conversation'
  const { session, refusal } = initialSession({ ...facts, expiresAtMs: 0 }, intent, asked)
  return refusal ? { ok: false, error: refusal } : { ok: true, session: servedSession(session, intent) }
}
