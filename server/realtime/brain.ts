import type { OpenOptions } from '@kaiwa/engine'
import type { BrainInfo } from '../../shared/brain.ts'
import type { RelayFault } from '../relay/fault.ts'
import type { Link } from '../relay/link.ts'
import type { DialResult } from '../relay/upstream.ts'

/** What a connection is for; without an intent, a conversation. */
export interface SessionAsk {
  model: string | undefined
  intent: 'transcription' | undefined
  /** What the embedded engine begins with, and a WebRTC call; over a WebSocket an upstream is told in an event. */
  session?: OpenOptions['session']
  /** Tells an upstream that this is the same person as before, and nothing more. */
  safetyIdentifier?: string
}

/** Somebody asks for a WebRTC call. */
export interface WebrtcOffer {
  sdp: string
  /** The host by whose name or address the caller reached this server; undefined: not known. */
  calledAs?: string | undefined
}

/** What came of an SDP offer. */
export type AnswerResult
  = | {
    ok: true
    /** The answer, with all its candidates: none is sent later. */
    sdp: string
    /** The server's own connection to the call: every event of the model, and any event to it. Asked for once. Never rejects. */
    sideband(signal: AbortSignal): Promise<DialResult>
    /** The same once more, where it dropped; a call that is over can't be joined. Undefined: it doesn't drop. Never rejects. */
    rejoin?(signal: AbortSignal): Promise<DialResult>
    /** Ends the media; what went wrong, if it couldn't. Asked for once. Never rejects; a call that is gone already counts as ended. */
    hangUp(): Promise<RelayFault | undefined>
    /** The caller's data channel, where it ends in this process: one more client of the call, behind the call's gate. Undefined: it leads past this server. */
    channel?: Link
  }
  | { ok: false, fault: RelayFault }

/** Who answers. Implementations: `server/brains`. */
export interface Brain {
  readonly kind: BrainInfo['brain']
  /** Of a session that names none. */
  readonly model: string
  readonly voice: string
  /** Cut out of whatever it says. */
  readonly keys: readonly string[]
  /** Makes ready what takes a moment, so that the first call doesn't wait for it. Never rejects. */
  warmUp(): Promise<void>
  /** Whether a call would be answered at once. */
  readonly ready: boolean
  /** No more calls for the moment: the running ones would suffer. */
  readonly atCapacity: boolean
  /** It couldn't be reached several times in a row, and isn't tried again for so long; 0: it is. */
  readonly restingMs: number
  /** Its provider asked for no new calls (429) for so long; 0: it didn't. */
  readonly quietMs: number
  /** Turns that wait for a recogniser; undefined: it has none, or isn't up. */
  readonly waitingTurns?: number | undefined
  info(): Promise<BrainInfo>
  /** Opens a session with the model named, else with its own. Never rejects. */
  dial(asked: SessionAsk, signal: AbortSignal): Promise<DialResult>
  /**
   * Answers a WebRTC offer; `asked.session` is what the session begins with. Undefined: it can't. Never rejects. Whoever gets an answer
   * hangs up, once, whatever becomes of the rest.
   */
  answer?(offer: WebrtcOffer, asked: SessionAsk, signal: AbortSignal): Promise<AnswerResult>
  close(): Promise<void>
}
