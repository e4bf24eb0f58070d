import type { DialogueCommand } from '@kaiwa/protocol'
import type { AudioClock } from './audio-host.ts'
import type { CallSnapshot } from './call.ts'
import type { CallInput } from './call-inputs.ts'
import type { TimelineModel } from './timeline.ts'
import type { Transcript } from './transcript.ts'
import type { VoiceSessionParts } from './voice-session-parts.ts'
import type { VoiceSettings } from './voice-settings.ts'
import type { WireRecords } from './wire-records.ts'

/** What the other side tells of itself and of what is used up. */
export type CallFacts = Pick<CallSnapshot, 'line' | 'meter' | 'usage' | 'latencies' | 'warning' | 'listensWith' | 'mutedHint' | 'playback' | 'route' | 'network'>

export interface LiveCallContext {
  parts: VoiceSessionParts
  transcript: Transcript
  timeline: TimelineModel
  records: WireRecords
  nowMs: () => number
  /** As they are now. */
  settings: () => VoiceSettings
  dispatch: (input: CallInput) => void
  /** Something to show changed that is no step of the machine: text, progress, what is known of the line. */
  changed: (facts?: CallFacts) => void
}

export interface LiveCall {
  readonly audioClock: AudioClock | undefined
  openOutput(): void
  openLine(): void
  openMicrophone(): void
  /** The way is lost since then; another line will need what is said from then on. */
  moveLine(silentMs: number): void
  startSending(): void
  sendSilence(): void
  setMuted(muted: boolean): void
  silence(by: 'barge_in' | 'user', replyIds: readonly string[]): void
  duck(): void
  unduck(): void
  /** A word to the server in its turn. */
  ask(request: DialogueCommand): void
  takeFloor(): void
  giveFloor(ask: boolean): void
  say(text: string): void
  configure(now: VoiceSettings, before: VoiceSettings): void
  /** Lets a silent page sound, when called from a click. */
  wake(): void
  /** The line is gone: no microphone any more, and what came of the last answer is heard to its end. */
  farewell(): void
  release(by: 'user' | 'server'): void
}
