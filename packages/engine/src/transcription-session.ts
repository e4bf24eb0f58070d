import { clientEventTypes } from '@kaiwa/protocol'
import type { ClientEvent, RealtimeSession, ServerError, SessionUpdate, TranscriptionSession, TranscriptionSessionUpdate } from '@kaiwa/protocol'
import { wireError } from '@kaiwa/protocol/errors'

/** What a connection is for, fixed when it is made: `?intent=transcription` only listens. */
export type Intent = 'conversation' | 'transcription'

/** Inside, a transcription session is a session whose answering half nobody reaches; it hears with words from the start. */
export function forIntent(session: RealtimeSession, intent: Intent): RealtimeSession {
  if (intent === 'conversation') return session
  return { ...session, audio: { ...session.audio, input: { ...session.audio.input, transcription: { model: session.model } } } }
}

/** The session as this connection sees it. */
export function servedSession(session: RealtimeSession, intent: Intent): RealtimeSession | TranscriptionSession {
  if (intent === 'conversation') return session
  const { id, expires_at, audio: { input }, include } = session
  return { type: 'transcription', object: 'realtime.transcription_session', id, expires_at, audio: { input }, include }
}

/** An update of the connection's own kind, as the session takes it. */
export function updateFor(
  update: SessionUpdate | TranscriptionSessionUpdate, intent: Intent,
): { ok: true, update: SessionUpdate } | { ok: false, error: ServerError } {
  const kind = intent === 'conversation' ? 'realtime' : 'transcription'
  if (update.type !== kind) {
    const message = `Passing a ${update.type} session update event to a ${kind} session is not allowed.`
    return { ok: false, error: wireError('invalid_value', message, { param: 'session.type' }) }
  }
  return { ok: true, update: { ...update, type: 'realtime' } }
}

/** Nothing answers in a transcription session. */
export function refuseForIntent({ type }: ClientEvent, intent: Intent): ServerError | undefined {
  if (intent === 'conversation' || type !== 'response.create') return undefined
  const known = clientEventTypes.filter(other => other !== type && other !== 'output_audio_buffer.clear')
  return wireError('invalid_value', `Invalid value: '${type}'. A transcription session has no responses. Supported values are: ${known.map(other => `'${other}'`).join(', ')}.`, { param: 'type' })
}
