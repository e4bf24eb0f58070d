import type { ClientEvent } from '@kaiwa/protocol'
import type { KaiwaAckEvent } from '../../shared/calls.ts'

/** The client's way to a session. The protocol's events pass through it as they are; what they mean is the adapter's business. */

/**
 * `code` of a closure: a WebSocket close code; below 1000 the HTTP status with which the server refused the call; `noServer`
 * when nothing answered at all. `reason` is `<type>.<code>` where the server gave one. `detail`: its sentence, or ours.
 */
export type TransportState
  = | { phase: 'connecting' }
    | { phase: 'open' }
  /** The way was lost and another is being opened: another session will begin there. `silentMs`: since it was last known to work. */
    | { phase: 'moving', silentMs: number }
    | {
      phase: 'closed'
      code: number
      reason: string
      detail?: string
      /** With a refusal. */
      retryAfterSeconds?: number
      /** It was this way that failed, not the call: another may do. */
      way?: WayFault
      /** Since the way was last known to work, when it broke off. */
      silentMs?: number
    }

export const transportKinds = ['websocket', 'webrtc'] as const
export type TransportKind = typeof transportKinds[number]

/** What somebody wants: WebRTC where it can be had, or one of them and no other. */
export const transportWishes = ['auto', ...transportKinds] as const
export type TransportWish = typeof transportWishes[number]

/** Why WebRTC can't be had: this browser has none, the server answered no offer, nothing came through in time, what came through broke off. */
export type WayFault = 'unsupported' | 'refused' | 'unreached' | 'lost'

/**
 * The way that a call goes. `instead`: WebRTC was wanted; `failed_before`: not tried, because it failed in this network; `unanswered`: nor,
 * because the server has none.
 */
export interface Route { kind: TransportKind, instead?: WayFault | 'failed_before' | 'unanswered', /** How long it took, ms. */ connectedInMs?: number }

/** How well media comes through; each unset until it was measured. */
export interface NetworkFacts {
  roundTripMs?: number
  /** Of the last seconds, 0 to 100, of what was to come from the other side. */
  lostPercent?: number
  jitterMs?: number
  /** What waits in the browser to even out the jitter: from the network to the ear it takes so long. */
  bufferedMs?: number
  /** Of the call, what the browser made up because it was lost or late. */
  concealedMs?: number
}

/** A transport that carries the voices itself, beside the events. */
export interface TransportMedia {
  /** What the other side hears from now on; undefined: nothing. */
  setMicrophone(track: MediaStreamTrack | undefined): void
  /** The other side's voice; at once if it is there already. */
  onVoice(listener: (voice: MediaStream) => void): void
  readonly network: NetworkFacts
}

/** What a page says: to the model, or to its own server. */
export type PageEvent = ClientEvent | KaiwaAckEvent

export interface Transport {
  /** Dropped while the transport isn't open: what has to wait waits where it has a bound (encoder, call machine). */
  send(event: PageEvent): void
  onEvent(listener: (text: string) => void): void
  onState(listener: (state: TransportState) => void): void
  /** Closes with 1000, at any time, as often as one likes; nothing is reported afterwards. */
  close(): void
  /** Given to the browser and not on the network yet. */
  readonly unsentBytes: number
  /** Who carries the voices: this, or events when undefined. Known from the beginning; another after each `moving`. */
  readonly media?: TransportMedia
  /** @default a WebSocket, as wished */
  readonly route?: Route
}

/** The server couldn't be reached, or didn't answer in time: there is no code of its own to pass on. */
export const noServer = 0
