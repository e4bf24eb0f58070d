import type { AudioFlow } from './audio-flow.ts'
import type { ServerEventFacts } from './gate.ts'
import type { WireText } from './link.ts'

/** Who looks on while a relay works: metering, numbers, latency. Must not throw, must not keep what it is shown. */
export interface RelayObserver {
  /** Once, before all else: what tells of the client's audio when it is asked. */
  flows?(flow: AudioFlow): void
  /** The upstream is open. */
  opened?(dialedMs: number): void
  /** A client's message was passed on; of audio, `flows` and `clientAudio` tell. */
  clientEvent?(type: string, bytes: number): void
  /** A piece of the client's audio was passed on. For those who have to hear of each: this is the hot path. */
  clientAudio?(text: WireText): void
  /** A message of the model came; `serverEvent` and `passed` follow in the same turn. */
  arrived?(): void
  /** A message of the model that was parsed, before it is passed on. */
  serverEvent?(event: ServerEventFacts): void
  /** Any message of the model was passed on; `type` is undefined where it wasn't looked for. */
  passed?(type: string | undefined, bytes: number): void
  /** As `clientEvent` and `passed`, with the message itself, whose memory is somebody else's a moment later: what is kept of it has to be copied. */
  carried?(from: 'client' | 'model', type: string | undefined, text: WireText): void
  /** How long a message took from its coming to its going; of one in `TIMED_ONE_IN`. */
  timed?(from: 'client' | 'model', tookMs: number): void
  /** Upstream message that was no event. */
  dropped?(): void
  /** The client's message was refused. */
  refused?(code: string): void
  /** These responses began and will never be reported done: the upstream is gone, or took too long. What they cost can only be estimated. */
  cutOff?(responseIds: readonly string[]): void
}

/** Of the messages of each side. */
export const TIMED_ONE_IN = 64
