import type { DeviceWatch } from './device-list.ts'
import type { Encoder } from './encoder.ts'
import type { openMicrophone } from './microphone.ts'
import type { Output } from './output.ts'
import type { PageLife } from './page-life.ts'
import type { Player } from './player.ts'
import type { TimelineModel } from './timeline.ts'
import type { RemoteVoiceParts } from './remote-voice.ts'
import type { Transport, TransportWish } from './transport.ts'
import type { PlaybackPath } from './voice-settings.ts'

/** All that a voice session needs of the world. The browser's own are in `browser-parts.ts`; tests bring fakes. */
export interface VoiceSessionParts {
  /** A new way to a session, as somebody wishes; it connects by itself. */
  openTransport: (wish: TransportWish) => Transport
  /** How the other side's voice is heard where a transport carries it. @default not at all: no such transport */
  remoteVoice?: Pick<RemoteVoiceParts, 'createElement' | 'openEar'>
  createAudioContext: () => AudioContext
  page: PageLife
  /** What a call holds of the machine while it lasts; each returns the way out. */
  holds: readonly (() => () => void)[]
  openMicrophone: typeof openMicrophone
  /** Tells which devices there are, now and on each change. @returns the way out */
  watchDevices?: (watch: DeviceWatch) => () => void
  /** The way to the ear on this context; `path` as the settings say. */
  openOutput: (context: AudioContext, path: PlaybackPath) => Promise<Output>
  /** How loud what leaves for the ear is, root mean square of the last tenth of a second. */
  openPlayedLevel?: (context: AudioContext, output: Output) => () => number
  createPlayer: (context: AudioContext, output: Output) => Promise<Player>
  createEncoder: () => Encoder
  createTimeline: () => TimelineModel
  /** Monotonic ms. */
  pageMs: () => number
  /** Ms since 1970. */
  epochMs: () => number
  /** @returns the way out. */
  setTimer: (callback: () => void, delayMs: number) => () => void
  /** Calls back once, before the next frame is drawn, or soon when the page draws none. */
  onNextFrame: (callback: () => void) => void
  /** An id for a typed turn: `item_` and 21 characters, unique. */
  newSegmentId: () => string
}
