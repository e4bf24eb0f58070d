import type { Capabilities } from '../dialogue.ts'
import type { TurnDetection } from '../session-config.ts'
import { wantReply } from './arbiter.ts'
import { change, transmit } from './state.ts'
import type { Step } from './state.ts'

/** Who ends the user's turn, and what is done when it is the page. */

/** Less than this the server refuses to commit. */
const shortestTurnMs = 100

/**
 * A commit never makes a response of its own. With manual turns the request goes right behind it, and a turn too short to be committed
 * asks for nothing. Under turn detection the server may have committed the turn first (and be answering it): the request waits for `committed`.
 */
export function endTurn(step: Step): void {
  const { line, floor, appendedMs } = step.state
  const detection = floor?.is === 'held' ? null : line?.detection
  if (detection === null && appendedMs < shortestTurnMs) {
    transmit(step, { type: 'input_audio_buffer.clear' })
    step.events.push({ type: 'notice', code: 'turn_too_short', detail: `${Math.round(appendedMs)} ms of speech: nothing to answer.` })
  } else {
    transmit(step, { type: 'input_audio_buffer.commit' })
    if (detection === undefined || detection?.create_response) change(step, { turnEnded: true })
    else wantReply(step, { interrupt: true, retry: true })
  }
  change(step, { appendedMs: 0 })
}

/** Takes the server's turn detection away, or gives it back as it was. Audio from here on is what a turn's length is counted by. */
export function changeTurnTaking(step: Step, turnTaking: Capabilities['turnTaking']): void {
  const { line, floor } = step.state
  if (turnTaking === 'manual') {
    const detection = floor?.detection ?? line?.detection
    if (!detection || floor?.is === 'held') return
    change(step, { floor: { detection, is: 'held', eventId: updateDetection(step, null) }, speech: null, appendedMs: 0 })
  } else if (floor?.is === 'held') {
    change(step, { floor: { ...floor, is: 'returning', eventId: updateDetection(step, floor.detection) } })
  }
}

function updateDetection(step: Step, detection: TurnDetection | null): string {
  return transmit(step, { type: 'session.update', session: { type: 'realtime', audio: { input: { turn_detection: detection } } } })
}

/**
 * The turn detection by which the session was opened, from what the server says is in force: while the page holds the turn (and until the
 * server says that it has it back) that is nothing, and no news.
 */
export function detectionInForce(step: Step, told: TurnDetection | null): TurnDetection | null {
  const { floor } = step.state
  if (!floor) return told
  if (told === null || floor.is === 'held') return floor.detection
  change(step, { floor: null })
  return told
}

/** The server refused to change hands: it has its turn detection still. */
export function settleRefusedChange(step: Step, eventId: string | null): void {
  if (eventId !== null && step.state.floor?.eventId === eventId) change(step, { floor: null })
}
