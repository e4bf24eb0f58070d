import type { Ending, Limit, Trouble } from './call.ts'
import { allowedActions } from './call-actions.ts'
import { answerDue, overlapTime, replyUnder, userSpeaks, userStops, voice, words } from './barge-in.ts'
import { interrupt, MAX_WAITING_TEXTS, replyStarted, say, settled } from './call-answer.ts'
import { impliedEffects, withImplied } from './call-consequences.ts'
import { becomeReady, giveFloor, takeFloor } from './call-floor.ts'
import { ANSWER_PATIENCE_MS, FAREWELL_MS, INTERRUPTED_MS, isAnswering, isReady, stateOf } from './call-phase.ts'
import type { CallMachine, Habits, RunningCall } from './call-phase.ts'
import { assertNever } from './assert-never.ts'
import type { CallInput, CallStep, Decision, Moment, UserInput } from './call-inputs.ts'
import { endingOf } from './trouble.ts'

/** The call's decisions: pure, `(machine, input) → machine and effects`. Nothing here knows a socket, a device or a timer. */

/** One step. An action that `allowedActions` doesn't hold, and an input that can't matter now, change nothing. */
export function step(machine: CallMachine, input: CallInput, moment: Moment): CallStep {
  if (isAction(input) && !allowedActions(machine).has(input.type)) return { machine, effects: [] }
  const decision = decide(machine, input, moment)
  const { muted = machine.muted, habits = machine.habits, effects = [] } = decision
  const phase = withImplied(decision.phase, habits, moment.atMs)
  if (phase === machine.phase && muted === machine.muted && habits === machine.habits) return { machine, effects }
  const begins = effects.some(effect => effect.type === 'begin')
  const state = stateOf(phase, machine.state, begins ? 0 : moment.atMs)
  return { machine: { phase, habits, muted, state }, effects: [...effects, ...impliedEffects(machine, { phase, habits }, effects)] }
}

function isAction(input: CallInput): input is UserInput {
  return ['start', 'end', 'retry', 'interrupt', 'mute', 'hold', 'say'].includes(input.type)
}

function decide(machine: CallMachine, input: CallInput, moment: Moment): Decision {
  const { phase, habits } = machine
  if (input.type === 'configured') return { phase, habits: input.habits }
  if (phase.name !== 'running') return decideOutside(machine, input)
  if (phase.farewell) return decideFarewell(phase, phase.farewell, input, moment)
  switch (input.type) {
    case 'start': case 'retry': return { phase: { ...phase, microphone: 'opening' }, effects: [{ type: 'open_microphone' }] }
    case 'end': return over(moment, 'user')
    case 'interrupt': return interrupt(phase, moment)
    case 'mute': return {
      phase, muted: input.muted,
      effects: [{ type: 'set_muted', muted: input.muted }, ...(input.muted && (phase.user === 'speaking' || phase.turn) ? [sendSilence] : [])],
    }
    case 'hold': return input.down ? takeFloor(phase, moment) : giveFloor(phase, moment)
    case 'say': return say(phase, input.text, moment)
    case 'microphone_opened': return microphoneOpened(phase, machine.muted, moment)
    case 'microphone_failed': return microphoneFailed(phase, input.trouble, moment)
    case 'output_failed': return { phase: { ...phase, playback: 'silent', troubles: { ...phase.troubles, output: input.trouble } } }
    case 'output_works': return { phase: { ...phase, troubles: { ...phase.troubles, output: undefined } } }
    case 'line_opened': return lineOpened(listening(phase, input.listens), moment)
    case 'line_moving': return lineMoving(phase, input.silentMs)
    case 'line_closed': return lineClosed(phase, input.trouble, moment)
    case 'fault': return input.fatal ? failed(phase, input.trouble) : fault(phase, input.trouble)
    case 'limit_reached': return limitReached(phase, input.of)
    case 'user_speech': return input.on ? andSilence(userSpeaks(phase, habits, input, moment), phase, machine.muted) : userStops(phase, input.atMs ?? moment.atMs)
    case 'voice': return voice(phase, habits, input, moment)
    case 'words': return words(phase, habits, input, moment)
    case 'answer_due': return answerDue(phase, habits, input, moment)
    case 'reply_started': return replyBegins(phase, habits, input.replyId, moment)
    case 'reply_ended': return { phase: settled({ ...phase, replies: phase.replies.filter(id => id !== input.replyId) }, phase.replies.includes(input.replyId)) }
    case 'no_answer': return { phase: settled(phase, true) }
    case 'sound_queued': return { phase: phase.playback === 'silent' ? { ...phase, playback: 'queued' } : phase }
    case 'sound_heard': return { phase: phase.playback === 'sounding' ? phase : { ...phase, playback: 'sounding', awaitedSinceMs: undefined, interruptedAtMs: undefined } }
    case 'sound_over': return { phase: settled({ ...phase, playback: 'silent' }, phase.playback !== 'silent') }
    case 'time': return time(phase, moment)
    default: return assertNever(input)
  }
}

/** Idle, failed or ended: everything begins a call or is a late word of the one before. */
function decideOutside({ phase }: CallMachine, input: CallInput): Decision {
  const keepTurns = phase.name === 'error'
  const unsent = phase.name === 'error' ? phase.unsent : []
  const typed = unsent.length > 0 ? { typed: true, waitingTexts: unsent } : {}
  const fault = phase.name === 'error' && phase.microphone === 'failed' ? phase.trouble : undefined
  switch (input.type) {
    case 'start': return begin(keepTurns, { ...typed, microphone: 'opening' })
    case 'retry': return begin(keepTurns, phase.name === 'error' && phase.spoken ? { ...typed, microphone: 'opening' } : typed)
    case 'hold': return input.down ? begin(keepTurns, { ...typed, microphone: 'opening', floor: { is: 'held', sinceMs: 0 } }) : { phase }
    case 'say': return begin(keepTurns, {
      typed: true, waitingTexts: [...unsent, input.text].slice(-MAX_WAITING_TEXTS), ...(fault ? { microphone: 'failed', troubles: { microphone: fault } } : {}),
    })
    default: return { phase }
  }
}

const sendSilence = { type: 'send_silence' } as const

function begin(keepTurns: boolean, facts: Partial<RunningCall>): Decision {
  const phase: RunningCall = {
    name: 'running', microphone: 'off', line: 'opening', floor: { is: 'open' }, listens: 'server', user: 'quiet', doubtful: [], guarded: false, patience: false, replies: [], playback: 'silent',
    refuseNext: false, waitingTexts: [], typed: false, troubles: {}, ...facts,
  }
  const microphone = phase.microphone === 'opening' ? [{ type: 'open_microphone' } as const] : []
  // Output first: a browser lets sound out only if its context was made in the click. The line tells what a microphone is wanted as.
  return { phase, effects: [{ type: 'begin', keepTurns }, { type: 'open_output' }, { type: 'open_line' }, ...microphone] }
}

const over = ({ atMs, turns }: Moment, by: 'user' | 'server', because?: Ending): Decision =>
  ({ phase: { name: 'ended', durationMs: Math.max(0, Math.round(atMs)), turns, ...(because ? { because } : {}) }, effects: [{ type: 'release', by }] })

function failed(call: RunningCall, trouble: Trouble, microphone: 'off' | 'failed' = 'off'): Decision {
  const spoken = call.microphone !== 'off' && (call.microphone !== 'failed' || microphone === 'failed')
  return { phase: { name: 'error', trouble, spoken, microphone, unsent: call.waitingTexts }, effects: [{ type: 'release', by: 'server' }] }
}

/** A call that was up and that nothing is wrong with is over, not failed; what came of its last words is heard first. */
function lineClosed(call: RunningCall, trouble: Trouble | undefined, moment: Moment): Decision {
  if (!trouble) return over(moment, 'server', call.limit)
  const ending = call.line === 'up' ? endingOf(trouble) : undefined
  if (!ending) return failed(call, trouble)
  const because = ending === 'budget' ? call.limit ?? ending : ending
  if (call.playback === 'silent') return over(moment, 'server', because)
  const farewell = { sinceMs: moment.atMs, because }
  const phase: RunningCall = { ...call, farewell, microphone: 'off', user: 'quiet', turn: undefined, overlap: undefined, doubtful: [], floor: { is: 'open' }, replies: [], awaitedSinceMs: undefined, interruptedAtMs: undefined }
  return { phase, effects: [{ type: 'farewell' }] }
}

/** Only sound is left, and the way to end it sooner. */
function decideFarewell(call: RunningCall, { sinceMs, because }: NonNullable<RunningCall['farewell']>, input: CallInput, moment: Moment): Decision {
  switch (input.type) {
    case 'end': return over(moment, 'user', because)
    case 'sound_over': case 'output_failed': return over(moment, 'server', because)
    case 'time': return moment.atMs < sinceMs + FAREWELL_MS ? { phase: call } : over(moment, 'server', because)
    case 'sound_heard': return { phase: call.playback === 'sounding' ? call : { ...call, playback: 'sounding' } }
    default: return { phase: call }
  }
}

/** The goodbye is heard whatever the talker was about to do: the floor goes back, and no reply is refused any more. */
function limitReached(call: RunningCall, of: Limit): Decision {
  const held = call.floor.is === 'held' && isReady(call)
  return { phase: { ...call, limit: of, floor: { is: 'open' }, overlap: undefined, doubtful: [], refuseNext: false }, effects: held ? [{ type: 'give_floor', ask: false }] : [] }
}

const listening = (call: RunningCall, listens: RunningCall['listens'] | undefined): RunningCall =>
  listens === undefined || listens === call.listens ? call : { ...call, listens }

/** A muted microphone gives the server's turn detection none of the silence that it waits for. */
function andSilence(decision: Decision, call: RunningCall, muted: boolean): Decision {
  const deaf = call.limit === undefined && (muted || call.microphone !== 'on')
  return deaf ? { ...decision, effects: [...decision.effects ?? [], sendSilence] } : decision
}

function replyBegins(call: RunningCall, habits: Habits, replyId: string, moment: Moment): Decision {
  const decision = replyStarted(call, replyId, moment)
  return decision.phase.name === 'running' ? { ...decision, phase: replyUnder(decision.phase, habits, moment) } : decision
}

/** Another session will go on: what this one was saying is over, what is typed or said from now on waits for it. */
function lineMoving(call: RunningCall, silentMs: number): Decision {
  if (call.line !== 'up') return { phase: call }
  return {
    phase: {
      ...call, line: 'moving', user: 'quiet', turn: undefined, overlap: undefined, doubtful: [], guarded: false, replies: [], playback: 'silent',
      awaitedSinceMs: undefined, interruptedAtMs: undefined, refuseNext: false,
    },
    effects: [{ type: 'move_line', silentMs }],
  }
}

function lineOpened(call: RunningCall, moment: Moment): Decision {
  if (call.line === 'up') return { phase: call }
  const up: RunningCall = { ...call, line: 'up', waitingTexts: [], awaitedSinceMs: call.waitingTexts.length > 0 ? moment.atMs : undefined }
  const says = call.waitingTexts.map(text => ({ type: 'say', text }) as const)
  const { phase, effects } = isReady(up) ? becomeReady(up, moment) : { phase: up, effects: [] }
  return { phase, effects: [...effects, ...says] }
}

function microphoneOpened(call: RunningCall, muted: boolean, moment: Moment): Decision {
  // A failed one may come back by itself.
  if (call.microphone !== 'opening' && call.microphone !== 'failed') return { phase: call }
  const on: RunningCall = { ...call, microphone: 'on', troubles: { ...call.troubles, microphone: undefined } }
  const { phase, effects } = isReady(on) ? becomeReady(on, moment) : { phase: on, effects: [] }
  return { phase, effects: muted ? [{ type: 'set_muted', muted }, ...effects] : effects }
}

/** A call in which something was typed, or that ran already, goes on without; one that only wanted to be spoken ends. */
function microphoneFailed(call: RunningCall, trouble: Trouble, moment: Moment): Decision {
  const ran = call.line === 'up' && moment.turns > 0
  if (call.microphone === 'opening' && !call.typed && !ran) return failed(call, trouble, 'failed')
  const held = call.floor.is === 'held' && isReady(call)
  return {
    phase: {
      ...call, microphone: 'failed', floor: { is: 'open' }, troubles: { ...call.troubles, microphone: trouble }, awaitedSinceMs: held ? moment.atMs : call.awaitedSinceMs,
    },
    effects: held ? [{ type: 'give_floor', ask: true }] : call.user === 'speaking' || call.turn ? [sendSilence] : [],
  }
}

function fault(call: RunningCall, trouble: Trouble): Decision {
  // The close follows and says the same.
  if (endingOf(trouble)) return { phase: call }
  const phase = { ...call, troubles: { ...call.troubles, answer: trouble } }
  return { phase: settled(phase, true) }
}

function time(machine: RunningCall, moment: Moment): Decision {
  const { phase: call, effects } = overlapTime(machine, moment)
  const { atMs } = moment
  const interruptedAtMs = call.interruptedAtMs !== undefined && atMs < call.interruptedAtMs + INTERRUPTED_MS ? call.interruptedAtMs : undefined
  const patient = call.awaitedSinceMs === undefined || isAnswering(call) || atMs < call.awaitedSinceMs + ANSWER_PATIENCE_MS
  return { phase: { ...call, interruptedAtMs, awaitedSinceMs: patient ? call.awaitedSinceMs : undefined }, effects }
}
