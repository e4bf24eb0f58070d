import { askForAnswer, stopAnswer } from './call-answer.ts'
import type { CallEffect, CallInput, Decision, Moment } from './call-inputs.ts'
import { isAnswering } from './call-phase.ts'
import type { Habits, RunningCall } from './call-phase.ts'
import { DUE_MS, evidenceOf, MAX_DOUBT_MS, MAX_DOUBTFUL, PREFIX_MS, QUIET_MS, WORDS_MS } from './overlap.ts'
import type { Overlap } from './overlap.ts'
import { asksForTime, onlyListens, saysStop } from './spoken-cues.ts'

/**
 * Speech over an answer, in two stages where the page decides: noticed, the voice gives way; confirmed by how long it lasts (or by its words)
 * it stops, else it comes back where it was, and what was said becomes no turn. Pure.
 */

type InputOf<T extends CallInput['type']> = Extract<CallInput, { type: T }>

const pageDecides = (call: RunningCall, { bargeIn }: Habits) => call.listens === 'page' && bargeIn !== 'eager' && call.limit === undefined && call.floor.is !== 'held'
/** The server was so much surer than the page's ear, ms of its turn, that the ear must have been deaf. */
const SURER_MS = 400
/** What is said past the end of an answer isn't said over it. */
const WENT_ON_MS = 200

const noticed = (atMs: number): Overlap => ({ sinceMs: atMs, decided: 'no', voiced: [], lastVoiceMs: atMs })

/** The server hears speech. */
export function userSpeaks(call: RunningCall, habits: Habits, input: InputOf<'user_speech'>, { atMs }: Moment): Decision {
  const heard: RunningCall = { ...call, turn: { segmentId: input.segmentId ?? null, fromMs: input.atMs ?? atMs } }
  // Nobody answers any more: what is left to hear is the goodbye.
  if (call.limit !== undefined) return { phase: { ...heard, user: 'speaking' } }
  if (!pageDecides(call, habits) || !isAnswering(call)) return plain(heard, atMs)
  if (habits.bargeIn === 'off') return { phase: { ...heard, overlap: { ...noticed(atMs), decided: 'dismissed' } } }
  return { phase: { ...heard, overlap: call.overlap && !call.overlap.spoken ? call.overlap : noticed(atMs) } }
}

/** Whoever speaks, interrupts. */
function plain(call: RunningCall, atMs: number): { phase: RunningCall, effects: CallEffect[] } {
  const { phase, effects } = stopAnswer(call, 'barge_in')
  const interruptedAtMs = call.playback === 'sounding' ? atMs : call.interruptedAtMs
  return { phase: { ...phase, user: call.turn ? 'speaking' : phase.user, interruptedAtMs, troubles: { ...call.troubles, answer: undefined } }, effects }
}

export function userStops(call: RunningCall, toMs: number): Decision {
  const { turn, overlap } = call
  const spoken = overlap && turn ? { overlap: { ...overlap, spoken: { ...turn, toMs } } } : {}
  const quiet: RunningCall = turn ? { ...call, ...spoken, turn: undefined } : call
  if (call.user === 'quiet') return { phase: quiet }
  return { phase: { ...quiet, user: 'quiet', awaitedSinceMs: call.floor.is === 'held' ? undefined : toMs } }
}

/** A reply begins although the user has gone on speaking: it waits until that is decided. */
export function replyUnder(call: RunningCall, habits: Habits, { atMs }: Moment): RunningCall {
  const overlaps = call.turn && call.user === 'speaking' && !call.overlap && pageDecides(call, habits) && isAnswering(call)
  return overlaps ? { ...call, overlap: habits.bargeIn === 'off' ? { ...noticed(atMs), decided: 'dismissed' } : noticed(atMs) } : call
}

/** What the page's own ear heard in the last 40 ms. */
export function voice(call: RunningCall, habits: Habits, { ms }: InputOf<'voice'>, { atMs }: Moment): Decision {
  const { overlap } = call
  if (!pageDecides(call, habits) || (ms === 0 && !overlap)) return { phase: call }
  if (!isAnswering(call)) return ms > 0 && overlap && call.turn ? { phase: { ...call, overlap: undefined, user: 'speaking' } } : { phase: call }
  if (habits.bargeIn === 'off') return { phase: call }
  if (ms === 0) return { phase: call }
  const { speechMs, withinMs } = evidenceOf(habits.bargeIn)
  const begun = overlap ?? noticed(atMs)
  // After a pause it is a new attempt, for which the voice gives way again.
  const again = begun.decided === 'dismissed' && atMs - begun.lastVoiceMs >= QUIET_MS
  const voiced = [...begun.voiced.filter(part => part.atMs > atMs - withinMs), { atMs, ms }]
  const next: Overlap = { ...begun, ...(again ? { decided: 'no', sinceMs: atMs } : {}), voiced, lastVoiceMs: atMs }
  const heardMs = voiced.reduce((sum, part) => sum + part.ms, 0)
  // Where the ear hears every other word only, the server's patience counts: its turn would have ended.
  const lasting = call.turn !== undefined && !again && atMs - call.turn.fromMs >= PREFIX_MS + speechMs + SURER_MS
  return heardMs >= speechMs || lasting ? plain({ ...call, overlap: next }, atMs) : { phase: { ...call, overlap: next } }
}

function dismissed(call: RunningCall, overlap: Overlap): RunningCall {
  return { ...call, overlap: { ...overlap, decided: 'dismissed' } }
}

/** A turn has ended that the server doesn't answer by itself. */
export function answerDue(call: RunningCall, habits: Habits, { segmentId }: InputOf<'answer_due'>, moment: Moment): Decision {
  const { overlap } = call
  const spoken = overlap?.spoken
  if (!overlap || spoken?.segmentId !== segmentId) return askForAnswer(call, moment)
  const rest: RunningCall = { ...call, overlap: undefined }
  const wentOn = overlap.overMs !== undefined && spoken.toMs - overlap.overMs >= WENT_ON_MS
  if (wentOn || (!isAnswering(call) && overlap.decided === 'no')) return askForAnswer(rest, moment)
  const lastedMs = spoken.toMs - spoken.fromMs - PREFIX_MS
  const wantedMs = evidenceOf(habits.bargeIn).speechMs + (overlap.decided === 'no' ? 0 : SURER_MS)
  if (habits.bargeIn !== 'off' && lastedMs >= wantedMs) return stopAndAnswer(rest, moment)
  return habits.bargeIn === 'off' ? { phase: rest, effects: [{ type: 'discard_turn', segmentId }] } : doubt(rest, segmentId, moment)
}

function stopAndAnswer(call: RunningCall, moment: Moment): Decision {
  const { phase, effects } = plain(call, moment.atMs)
  const asked = askForAnswer(phase, moment)
  return { phase: asked.phase, effects: [...effects, ...asked.effects ?? []] }
}

function doubt(call: RunningCall, segmentId: string, { atMs }: Moment): Decision {
  const doubtful = [...call.doubtful, { segmentId, untilMs: atMs + WORDS_MS }]
  const dropped = doubtful.slice(0, -MAX_DOUBTFUL)
  return { phase: { ...call, doubtful: doubtful.slice(-MAX_DOUBTFUL) }, effects: dropped.map(discard) }
}

const discard = ({ segmentId }: { segmentId: string }) => ({ type: 'discard_turn', segmentId }) as const

/** Words of a user's turn: they may decide what its sound did not. */
export function words(call: RunningCall, habits: Habits, { segmentId, text, final }: InputOf<'words'>, moment: Moment): Decision {
  if (call.doubtful.some(doubtful => doubtful.segmentId === segmentId)) {
    const rest: RunningCall = { ...call, doubtful: call.doubtful.filter(doubtful => doubtful.segmentId !== segmentId) }
    if (saysStop(text) && pageDecides(call, habits)) return stopAndAnswer(rest, moment)
    return final ? { phase: rest, effects: [discard({ segmentId })] } : { phase: call }
  }
  const { overlap } = call
  if (overlap?.decided === 'no' && pageDecides(call, habits) && (call.turn ?? overlap.spoken)?.segmentId === segmentId) {
    if (onlyListens(text)) return { phase: dismissed(call, overlap) }
    if (saysStop(text)) return plain(call, moment.atMs)
  }
  const patience = final ? asksForTime(text) : call.patience
  return { phase: patience === call.patience ? call : { ...call, patience } }
}

/** What time alone decides. */
export function overlapTime(call: RunningCall, { atMs }: Moment): { phase: RunningCall, effects: CallEffect[] } {
  const due = call.doubtful.filter(({ untilMs }) => untilMs <= atMs)
  const phase = due.length > 0 ? { ...call, doubtful: call.doubtful.filter(({ untilMs }) => untilMs > atMs) } : call
  return { phase: overlapLater(phase, atMs), effects: due.map(discard) }
}

function overlapLater(call: RunningCall, atMs: number): RunningCall {
  const { overlap } = call
  if (!overlap) return call
  if (overlap.spoken && atMs >= overlap.spoken.toMs + DUE_MS) return { ...call, overlap: undefined }
  const quiet = atMs >= overlap.lastVoiceMs + QUIET_MS
  if (overlap.decided === 'no') return quiet || atMs >= overlap.sinceMs + MAX_DOUBT_MS ? overlapLater(dismissed(call, overlap), atMs) : call
  return quiet && !call.turn && !overlap.spoken ? { ...call, overlap: undefined } : call
}

/** After whatever happened: once nothing is under way any more, nothing is spoken over. */
export function settledOverlap(call: RunningCall, habits: Habits, atMs: number): RunningCall {
  const { overlap } = call
  if (!overlap) return call
  if (!pageDecides(call, habits)) return { ...call, overlap: undefined, user: call.turn ? 'speaking' : call.user }
  if (isAnswering(call)) return habits.bargeIn === 'off' && overlap.decided === 'no' ? dismissed(call, overlap) : call
  if (overlap.decided === 'no') return { ...call, overlap: undefined, user: call.turn ? 'speaking' : call.user }
  return overlap.overMs === undefined ? { ...call, overlap: { ...overlap, overMs: atMs } } : call
}
