import type { DialogueCommand } from '../dialogue.ts'
import type { TurnDetection } from '../session-config.ts'
import { wantReply } from './arbiter.ts'
import { change, transmit } from './state.ts'
import type { RealtimeAdapterState, Step, Turns } from './state.ts'
import { detectionFor, sameDetection } from './turn-detection.ts'

/** Who ends the user's turn, who interrupts, who asks for the answer; and what is done when it is the page. */

/** Less than this the server refuses to commit. */
const shortestTurnMs = 100
/** Detections that we asked for, to know their echo. A page flips between a handful. Full ⇒ the oldest is forgotten. */
const maxAsked = 8

/**
 * A commit never makes a response of its own. With manual turns the request goes right behind it, and a turn too short to be committed
 * asks for nothing. Under turn detection the server may have committed the turn first (and be answering it): the request waits for `committed`.
 */
export function endTurn(step: Step): void {
  const { line, turns, appendedMs, media } = step.state
  const detection = turns.held ? null : line?.detection
  // How much of a track got there, only the other side knows: it refuses what is too short.
  if (detection === null && !media && appendedMs < shortestTurnMs) {
    transmit(step, { type: 'input_audio_buffer.clear' })
    step.events.push({ type: 'notice', code: 'turn_too_short', detail: `${Math.round(appendedMs)} ms of speech: nothing to answer.` })
  } else {
    transmit(step, { type: 'input_audio_buffer.commit' })
    if (detection === undefined || detection?.create_response) change(step, { turnEnded: true })
    else wantReply(step, { interrupt: true, retry: true })
  }
  change(step, { appendedMs: 0 })
}

/** Takes the server's turn detection away, gives it back, or has it as wished. Audio from when it is taken on is what a turn's length is counted by. */
export function changeTurns(step: Step, { turnTaking, turns: wish }: Extract<DialogueCommand, { type: 'change' }>): void {
  if (wish) change(step, { turns: { ...step.state.turns, wish } })
  if (turnTaking === 'manual' && !step.state.turns.held && step.state.line?.detection) {
    change(step, { turns: { ...step.state.turns, held: true }, speech: null, appendedMs: 0 })
  } else if (turnTaking === 'server') change(step, { turns: { ...step.state.turns, held: false } })
  reviseDetection(step)
}

/** What the session is to have while the floor isn't held. */
function wished({ opened, wish, refused }: Turns): TurnDetection | null {
  const may = refused ? { endedBy: wish.endedBy === 'page' ? wish.endedBy : undefined } : wish
  return detectionFor(opened ?? null, may)
}

/**
 * Asks for another turn detection when the wanted one isn't in force and wasn't asked for yet. Not before the first `session.updated`: our
 * server's own settings come with it, and ours build on them. Only who holds the floor doesn't wait.
 */
function reviseDetection(step: Step): void {
  const { turns } = step.state
  const { opened, told, last, settled, held, asked } = turns
  if (opened === undefined || told === undefined || (!settled && !held && !last)) return
  const wanted = held ? null : wished(turns)
  if (sameDetection(wanted, last ? last.detection : told)) return
  const eventId = transmit(step, { type: 'session.update', session: { type: 'realtime', audio: { input: { turn_detection: wanted } } } })
  const known = asked.filter(before => !sameDetection(before, wanted))
  change(step, { turns: { ...turns, last: { eventId, detection: wanted, confirmed: false }, asked: [...known, wanted].slice(-maxAsked) } })
}

/**
 * What the server says is in force. What we never asked for is the session's own, on which our wishes build.
 * @returns the turn detection in force, as far as the page need know: one that was only taken away to hold the floor is still told
 */
export function learnDetection(step: Step, told: TurnDetection | null): TurnDetection | null {
  const { turns } = step.state
  // The answer to our request, in whatever words: asking again for what the server won't say the same way would never end.
  const answers = turns.settled && turns.last?.confirmed === false && turns.last.detection !== null && told !== null
  const isOurs = answers || turns.asked.some(asked => sameDetection(asked, told))
  const last = turns.last && (answers || sameDetection(turns.last.detection, told)) ? { ...turns.last, confirmed: true } : turns.last
  change(step, { turns: { ...turns, told, last, opened: isOurs && turns.opened !== undefined ? turns.opened : told } })
  return isFloorTaken(step.state) ? wished(step.state.turns) : told
}

/** The session's settings are all there: now the page's wishes may come. */
export function settleTurns(step: Step): void {
  change(step, { turns: { ...step.state.turns, settled: true } })
  reviseDetection(step)
}

/** From when the page takes the turn until the server says that it has it back. */
export function isFloorTaken({ turns: { held, told, last } }: RealtimeAdapterState): boolean {
  return held || (told === null && last?.confirmed === false && last.detection !== null)
}

/** The server refused: it goes on as it was. A wish is not made again in this session. @returns whether that was the page's own comfort, no fault */
export function settleRefusedChange(step: Step, eventId: string | null): boolean {
  const { turns } = step.state
  if (eventId === null || turns.last?.eventId !== eventId) return false
  const wasWish = turns.last.detection !== null && !sameDetection(turns.last.detection, turns.opened ?? null)
  change(step, { turns: { ...turns, last: null, held: false, refused: turns.refused || wasWish } })
  return wasWish
}
