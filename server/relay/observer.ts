import type { ServerEventFacts } from './gate.ts'

/** Who looks on while a relay works: metering, numbers, latency. Must not throw, must not keep what it is shown. */
export interface RelayObserver {
  /** The upstream is open. */
  opened?(dialedMs: number): void
  /** A client's message was passed on. */
  clientEvent?(type: string, bytes: number): void
  /** A message of the model that was parsed, before it is passed on. */
  serverEvent?(event: ServerEventFacts): void
  /** Any message of the model was passed on; `type` is undefined where it wasn't looked for. */
  passed?(type: string | undefined, bytes: number): void
  /** Upstream message that was no event. */
  dropped?(): void
  /** The client's message was refused. */
  refused?(code: string): void
}
