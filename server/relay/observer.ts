import type { ServerEventFacts } from './gate.ts'
import type { WireText } from './link.ts'

/** Who looks on while a relay works: metering, numbers, latency. Must not throw, must not keep what it is shown. */
export interface RelayObserver {
  /** A message came, the upstream being open; before anything is done with it. If it is passed on, `clientEvent` or `passed` follows in the same turn. */
  arrived?(from: 'client' | 'model'): void
  /** The upstream is open. */
  opened?(dialedMs: number): void
  /** A client's message was passed on. */
  clientEvent?(type: string, bytes: number): void
  /** A message of the model that was parsed, before it is passed on. */
  serverEvent?(event: ServerEventFacts): void
  /** Any message of the model was passed on; `type` is undefined where it wasn't looked for. */
  passed?(type: string | undefined, bytes: number): void
  /** As the two before, with the message itself, whose memory is somebody else's a moment later: what is kept of it has to be copied. */
  carried?(from: 'client' | 'model', type: string | undefined, text: WireText): void
  /** Upstream message that was no event. */
  dropped?(): void
  /** The client's message was refused. */
  refused?(code: string): void
  /** These responses began and will never be reported done: the upstream is gone, or took too long. What they cost can only be estimated. */
  cutOff?(responseIds: readonly string[]): void
}
