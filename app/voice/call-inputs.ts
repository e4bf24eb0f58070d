import type { TurnWish } from '@kaiwa/protocol'
import type { Limit, Trouble } from './call.ts'
import type { CallMachine, Habits, Phase, RunningCall } from './call-phase.ts'

/** What can happen to a call, and what the machine can ask for. */

export type UserInput
  = | { type: 'start' } | { type: 'end' } | { type: 'retry' } | { type: 'interrupt' }
    | { type: 'mute', muted: boolean } | { type: 'hold', down: boolean } | { type: 'say', text: string }

export type CallInput = UserInput
  | { type: 'microphone_opened' }
  /** It couldn't be opened, or it ended by itself. */
  | { type: 'microphone_failed', trouble: Trouble }
  /** Sound can't come out; the call goes on as text. */
  | { type: 'output_failed', trouble: Trouble } | { type: 'output_works' }
  /** `listens`: who decides about speech over an answer. Comes again when that changed. */
  | { type: 'line_opened', listens?: RunningCall['listens'] }
  | { type: 'configured', habits: Habits }
  /** The way is lost since then, and another is on its way: `line_opened` comes again. */
  | { type: 'line_moving', silentMs: number }
  /** No trouble: the other side was done. */
  | { type: 'line_closed', trouble?: Trouble }
  | { type: 'fault', trouble: Trouble, fatal: boolean }
  /** The server ends the call in a moment. */
  | { type: 'limit_reached', of: Limit }
  /** `atMs`: when it really began or ended, on the call's clock; the server tells a little later. */
  | { type: 'user_speech', on: boolean, atMs?: number, segmentId?: string | null }
  /** The page's own ear, each 40 ms while the microphone is open: ms of speech in them. */
  | { type: 'voice', ms: number }
  /** The server ended a turn and waits for the page to ask for an answer. */
  | { type: 'answer_due', segmentId: string }
  /** What was said in a turn of the user. `final`: no more of it comes. */
  | { type: 'words', segmentId: string, text: string, final: boolean }
  | { type: 'reply_started', replyId: string } | { type: 'reply_ended', replyId: string }
  /** The user's turn came to nothing: no reply will begin. */
  | { type: 'no_answer' }
  /** From the player: it has audio; its first sample (and on) was heard; nothing is left to play. */
  | { type: 'sound_queued' } | { type: 'sound_heard', atMs: number } | { type: 'sound_over' }
  /** The time that `deadlineMs` asked for has come. */
  | { type: 'time' }

export type CallEffect
  /** A new call's clock, records and thread; `keepTurns`: the thread of a call whose line was lost stays above. */
  = | { type: 'begin', keepTurns: boolean }
    | { type: 'open_output' } | { type: 'open_line' } | { type: 'open_microphone' }
    /** Another line will need what is said from then on. */
    | { type: 'move_line', silentMs: number }
    /** What was recorded so far, then live. */
    | { type: 'start_sending' }
    /** The microphone fell silent while the server hears speech: give its turn detection the silence it waits for. */
    | { type: 'send_silence' }
    | { type: 'set_muted', muted: boolean }
    /** Silence at once, tell the server what was heard, drop what still comes of these replies. */
    | { type: 'silence', by: 'barge_in' | 'user', replyIds: readonly string[] }
  /** Somebody may be interrupting: the voice gives way, and is given back unless it is silenced. */
    | { type: 'duck' } | { type: 'unduck' }
    | { type: 'answer' }
    /** The turn was no turn: as if it had never been. */
    | { type: 'discard_turn', segmentId: string }
    | { type: 'wish_turns', turns: TurnWish }
    | { type: 'take_floor' }
    /** `ask`: end the turn and ask for an answer. */
    | { type: 'give_floor', ask: boolean }
    | { type: 'say', text: string }
    /** The line is gone and so is the microphone; what came of the goodbye is still heard. */
    | { type: 'farewell' }
    /** Everything of the call closes; what was being said is cut, by whom the call ended. */
    | { type: 'release', by: 'user' | 'server' }

/** `atMs`: ms since the call began. `turns`: how many the thread shows. */
export interface Moment { atMs: number, turns: number }
export type Decision = { phase: Phase, effects?: readonly CallEffect[], muted?: boolean, habits?: Habits }
export interface CallStep { machine: CallMachine, effects: readonly CallEffect[] }
