import type { ClientEvent } from '@kaiwa/protocol'

/** The client's way to a session. The protocol's events pass through it as they are; what they mean is the adapter's business. */

/**
 * `code` of a closure: a WebSocket close code; below 1000 the HTTP status with which the server refused the call; `noServer`
 * when nothing answered at all. `reason` is `<type>.<code>` where the server gave one. `detail`: its sentence, or ours.
 */
export type TransportState
  = | { phase: 'connecting' }
    | { phase: 'open' }
    | { phase: 'closed', code: number, reason: string, detail?: string, /** With a refusal. */ retryAfterSeconds?: number }

export interface Transport {
  /** Dropped while the transport isn't open: what has to wait waits where it has a bound (encoder, call machine). */
  send(event: ClientEvent): void
  onEvent(listener: (text: string) => void): void
  onState(listener: (state: TransportState) => void): void
  /** Closes with 1000, at any time, as often as one likes; nothing is reported afterwards. */
  close(): void
  /** Given to the browser and not on the network yet. */
  readonly unsentBytes: number
}

/** The server couldn't be reached, or didn't answer in time: there is no code of its own to pass on. */
export const noServer = 0
