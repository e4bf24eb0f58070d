import type { Capabilities } from '../dialogue.ts'
import type { ServerEventOf } from '../server-events.ts'
import { serverVadDefaults } from '../session-config.ts'
import type { RealtimeSession, TurnDetection } from '../session-config.ts'
import { overVoice } from './media-voice.ts'
import { learnNoiseReduction } from './noise-reduction.ts'
import { change, createRealtimeAdapterState } from './state.ts'
import type { Line, Step } from './state.ts'
import { learnDetection, settleTurns } from './turn-taking.ts'

/** The wire's session may lack what its type promises: other servers leave parts out. */
type LooseAudio = { [K in keyof RealtimeSession['audio']]?: Partial<RealtimeSession['audio'][K]> | null } | null | undefined

/** A missing `turn_detection` means the protocol's default; `null` means none. */
function detectionOf(session: RealtimeSession): TurnDetection | null {
  const told = (session.audio as LooseAudio)?.input?.turn_detection
  return typeof told === 'object' ? told : serverVadDefaults
}

/** What the page has to know. */
function lineOf(session: RealtimeSession, detection: TurnDetection | null, media: boolean): Line {
  const audio = session.audio as LooseAudio
  const capabilities: Capabilities = {
    turnTaking: detection ? 'server' : 'manual',
    serverInterrupts: detection !== null && detection.interrupt_response !== false,
    voiceWaits: !media,
    typedText: true,
    transcripts: { user: Boolean(audio?.input?.transcription), assistant: true },
  }
  const voice: unknown = audio?.output?.voice
  const voiceId = typeof voice === 'object' && voice !== null && 'id' in voice ? voice.id : voice
  return {
    sessionId: session.id,
    model: session.model,
    voice: typeof voiceId === 'string' ? voiceId : '',
    capabilities,
    detection,
    medium: session.output_modalities?.[0] === 'text' ? 'text' : 'voice',
  }
}

/**
 * `opened` comes with the first session event, and again whenever what it says has changed (the first one tells the server's defaults,
 * the one after our server's `session.update` what is in force). Another session's id means a new session on the same line: whatever the
 * old one was doing is over, its conversation and its meter stay.
 */
export function receiveSession(step: Step, { type, session }: ServerEventOf<'session.created' | 'session.updated'>): void {
  if (session.type === 'transcription') return
  const before = step.state.line
  if (before && before.sessionId !== session.id) startAnew(step)
  const line = lineOf(session, learnDetection(step, detectionOf(session)), step.state.media)
  change(step, { line })
  const { sessionId, model, voice, capabilities } = line
  if (!before || !sameOpening(before, line)) step.events.push({ type: 'opened', sessionId, model, voice, capabilities })
  if (type === 'session.updated') settleTurns(step)
  learnNoiseReduction(step, session)
}

export function startAnew(step: Step): void {
  const { reply, items, totals, sent, turns, noise, media } = step.state
  overVoice(step, { cut: true })
  if (reply) step.events.push({ type: 'reply_ended', replyId: reply.id, end: { how: 'cancelled', by: 'server' } })
  const fresh = createRealtimeAdapterState()
  step.state = { ...fresh, media, items, totals, sent, turns: { ...fresh.turns, wish: turns.wish }, noise: { ...fresh.noise, wish: noise.wish } }
}

function sameOpening(a: Line, b: Line): boolean {
  const [x, y] = [a.capabilities, b.capabilities]
  return a.sessionId === b.sessionId && a.model === b.model && a.voice === b.voice && x.turnTaking === y.turnTaking
    && x.serverInterrupts === y.serverInterrupts && x.voiceWaits === y.voiceWaits && x.typedText === y.typedText
    && x.transcripts.user === y.transcripts.user && x.transcripts.assistant === y.transcripts.assistant
}
