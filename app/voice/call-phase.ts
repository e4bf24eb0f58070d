import type { CallSnapshot, CallState, Ending, Limit, Trouble } from './call.ts'
import { overlapDeadlines } from './overlap.ts'
import type { Doubtful, Overlap } from './overlap.ts'
import { voiceSettingsDefaults } from './voice-settings.ts'
import type { VoiceSettings } from './voice-settings.ts'

/** What the call machine knows. A running call's facts each have one owner outside: microphone, line, player, server, user. */

/** `released`: let go before there was a line to speak on; what was recorded is sent as one turn once there is. */
type Floor = { is: 'open' } | { is: 'held', sinceMs: number } | { is: 'released' }

export interface RunningCall {
  name: 'running'
  microphone: CallSnapshot['microphone']
  /** `moving`: lost, and another is on its way. */
  line: 'opening' | 'moving' | 'up'
  floor: Floor
  /** Who decides about speech over an answer: the server at once, the page, or nobody because only the user's finger ends a turn. */
  listens: 'server' | 'page' | 'finger'
  user: 'quiet' | 'speaking'
  /** The turn that the server hears. */
  turn?: { segmentId: string | null, fromMs: number }
  /** Said while an answer is under way, and it is not decided (or not over) what it is. */
  overlap?: Overlap
  /** Turns that seem to be none, until their words may have come. */
  doubtful: readonly Doubtful[]
  /** Turns wait for the page to ask for their answer: one is under way, or was spoken over. */
  guarded: boolean
  /** The user asked for time to think: the next turn gets it. */
  patience: boolean
  /** An answer is expected since then, and not a sound of it was heard yet. */
  awaitedSinceMs?: number
  /** Replies under way that are wanted. */
  replies: readonly string[]
  /** What the player does. `queued`: it has audio, none of it was heard yet. */
  playback: 'silent' | 'queued' | 'sounding'
  /** The user interrupted before the reply had begun: the next one is unwanted. */
  refuseNext: boolean
  interruptedAtMs?: number
  /** Typed before the line was up. */
  waitingTexts: readonly string[]
  /** Something was typed: the call makes sense without a microphone. */
  typed: boolean
  troubles: { answer?: Trouble, microphone?: Trouble, output?: Trouble }
  /** The server ends the call because of it. */
  limit?: Limit
  /** The server ended the call since then, and its last words are still being heard. */
  farewell?: { sinceMs: number, because: Ending }
}

export type Phase
  = | { name: 'idle' }
    | RunningCall
  /** `spoken`: the call had, or wanted, a microphone; trying again means to have one. `unsent`: typed, and goes out with the next call. */
    | { name: 'error', trouble: Trouble, spoken: boolean, microphone: 'off' | 'failed', unsent: readonly string[] }
    | { name: 'ended', durationMs: number, turns: number, because?: Ending }

/** The settings that decide. */
export type Habits = Pick<VoiceSettings, 'bargeIn' | 'turnTaking' | 'patient'>

export interface CallMachine {
  phase: Phase
  /** Survive everything too. */
  habits: Habits
  /** Survives everything, the end of the call included. */
  muted: boolean
  state: CallState
}

/** How long `interrupted` is shown before the state goes on to what is the case: long enough to be read. */
export const INTERRUPTED_MS = 600
/** No reply has begun this long after the user's turn: none will, the floor is the user's again. */
export const ANSWER_PATIENCE_MS = 15_000

/** How long the last words may still be heard when the line is gone: as long as the server gives a goodbye. */
export const FAREWELL_MS = 5000

export const initialCall: CallMachine = { phase: { name: 'idle' }, habits: voiceSettingsDefaults, muted: false, state: { name: 'idle' } }

/** A call can be heard and spoken on: microphone and line are both there. */
export const isReady = (call: RunningCall) => call.line === 'up' && call.microphone === 'on'
/** There is something of an answer to stop. */
export const isAnswering = (call: RunningCall) => call.replies.length > 0 || call.playback !== 'silent'

/** The state to show, `sinceMs` kept while its name stays. */
export function stateOf(phase: Phase, before: CallState, atMs: number): CallState {
  if (phase.name !== 'running') return phase.name === 'error' ? { name: 'error', trouble: phase.trouble } : phase
  const name = runningName(phase)
  if (name === 'limit') return before.name === name && before.of === phase.limit ? before : { name, of: phase.limit ?? 'call' }
  if (name === before.name) return before
  if (name === 'reconnecting') return { name, attempt: 1, attempts: 1 }
  return name === 'permission' ? { name } : { name, sinceMs: name === 'thinking' ? phase.awaitedSinceMs ?? atMs : atMs }
}

function runningName(call: RunningCall) {
  if (call.microphone === 'opening') return 'permission'
  if (call.line === 'opening') return 'connecting'
  if (call.line === 'moving') return 'reconnecting'
  if (call.limit !== undefined) return 'limit'
  if (call.floor.is === 'held') return 'held'
  if (call.interruptedAtMs !== undefined) return 'interrupted'
  if (call.user === 'speaking') return 'user-speaking'
  if (call.playback === 'sounding') return 'speaking'
  if (call.awaitedSinceMs !== undefined || isAnswering(call)) return 'thinking'
  return 'listening'
}

/** When the machine next wants a `time` input, in ms since the call began. */
export function deadlineMs({ phase }: CallMachine): number | undefined {
  if (phase.name !== 'running') return undefined
  const times = [
    phase.interruptedAtMs === undefined ? [] : phase.interruptedAtMs + INTERRUPTED_MS,
    phase.farewell === undefined ? [] : phase.farewell.sinceMs + FAREWELL_MS,
    phase.awaitedSinceMs === undefined || isAnswering(phase) ? [] : phase.awaitedSinceMs + ANSWER_PATIENCE_MS,
    overlapDeadlines(phase),
  ].flat()
  return times.length > 0 ? Math.min(...times) : undefined
}
