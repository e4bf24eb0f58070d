import type { CaptureFrame } from '@kaiwa/audio'
import type { Heard, Trouble } from './call.ts'
import { advanceClock, beginClock, endClock, isHeardOut } from './heard-clock.ts'
import type { HeardClock } from './heard-clock.ts'
import { setSink } from './output.ts'
import { createRecent } from './recent.ts'
import type { SoundSettings } from './speech-output.ts'
import type { TimelineModel } from './timeline.ts'
import { troubleOfOutput } from './trouble.ts'

/** The assistant's voice of one call where the transport carries it: a stream that an `<audio>` element plays, and the server's word of when it speaks. */

export interface RemoteVoiceParts {
  createElement: () => HTMLAudioElement
  /** Hears the stream, to draw it. @returns the way out */
  openEar: (context: AudioContext, stream: MediaStream, onFrame: (frame: CaptureFrame) => void) => () => void
  /** From the network to the ear, ms, as far as it was measured. */
  lagMs: () => number
  settings: () => SoundSettings
  timeline: TimelineModel
  nowMs: () => number
  setTimer: (callback: () => void, delayMs: number) => () => void
}
export interface RemoteVoicePorts {
  onQueued: () => void
  onHeard: (heard: Heard, wanted: boolean) => void
  onOver: () => void
  onFailed: (trouble: Trouble) => void
  onWorks: () => void
}
export interface RemoteVoice {
  /** On this context its level is measured; another when the one before is dead. */
  open(context: AudioContext): void
  attach(stream: MediaStream): void
  began(replyId: string, segmentId: string): void
  /** `cut`: the rest of it was dropped. */
  over(replyId: string, cut: boolean): void
  /** Silent now, until another reply is spoken. @returns what was heard of the one that sounded */
  silence(replyIds: readonly string[]): Heard | undefined
  duck(): void
  unduck(): void
  sounding(): Heard | undefined
  use(change: Partial<SoundSettings>): void
  /** How loud it sounds, 0 to 1. */
  readonly level: number
  /** From a click: lets a silent page sound. */
  gesture(): void
  close(): void
}

const LOOK_EVERY_MS = 50
/** A voice that gives way, of its volume; what it says meanwhile can't wait. */
const DUCKED = 0.2
/** A late word of a reply comes within seconds. Full ⇒ the oldest is forgotten. */
const MAX_SILENCED = 128
/** An element that stands still never plays the rest. */
const STUCK_MS = 2000
const SAMPLES_PER_MS = 24

interface Sounding { replyId: string, segmentId: string, clock: HeardClock, skippedMs: number, endedMs?: number }

export function createRemoteVoice(parts: RemoteVoiceParts, ports: RemoteVoicePorts): RemoteVoice {
  const { timeline, nowMs } = parts
  const silenced = createRecent(MAX_SILENCED)
  let element: HTMLAudioElement | undefined
  let stream: MediaStream | undefined
  let context: AudioContext | undefined
  let closeEar = () => {}
  let stopTimer = () => {}
  let sound: Sounding | undefined
  let ducked = false
  let blocked = false
  let level = 0
  let closed = false

  const positionMs = () => (element?.currentTime ?? 0) * 1000
  const heardOf = ({ segmentId, clock }: Sounding): Heard => {
    const heardMs = Math.floor(clock.heardMs)
    return { segmentId, heardMs, receivedMs: clock.sentMs === undefined ? heardMs : Math.floor(clock.sentMs), complete: clock.sentMs !== undefined }
  }
  function applyVolume() {
    if (element) element.volume = parts.settings().volume * (ducked ? DUCKED : 1)
  }

  function play() {
    element?.play().then(() => {
      if (blocked) ports.onWorks()
      blocked = false
    }, (error: unknown) => {
      // A stream that changes breaks off a `play` under way; the next one counts.
      if (closed || (error instanceof DOMException && error.name === 'AbortError')) return
      blocked = true
      ports.onFailed(troubleOfOutput('audio_blocked', error))
    })
  }
  function listen() {
    closeEar()
    closeEar = context && stream ? parts.openEar(context, stream, hear) : () => {}
  }
  function hear({ samples, level: rms }: CaptureFrame) {
    level = rms
    if (!sound || element?.muted) return
    // What comes first was sent before it: drawn is what is heard.
    const lengthMs = samples.length / SAMPLES_PER_MS
    if (sound.skippedMs + lengthMs <= sound.clock.lagMs) sound.skippedMs += lengthMs
    else timeline.assistantAudio(sound.segmentId, samples)
  }

  function look() {
    stopTimer()
    if (!sound || closed) return
    sound.clock = advanceClock(sound.clock, positionMs(), parts.lagMs())
    const stuck = sound.endedMs !== undefined && nowMs() - sound.endedMs > sound.clock.lagMs + STUCK_MS
    if (isHeardOut(sound.clock) || stuck) return finish()
    if (sound.clock.heardMs > 0) tell(sound, true)
    stopTimer = parts.setTimer(look, LOOK_EVERY_MS)
  }
  function tell(which: Sounding, wanted: boolean) {
    const heard = heardOf(which)
    if (wanted) timeline.playedUpTo(heard.segmentId, heard.heardMs, nowMs())
    ports.onHeard(heard, wanted)
  }
  function finish() {
    const last = sound
    stopTimer()
    sound = undefined
    if (!last) return
    tell(last, true)
    ports.onOver()
  }
  /** The rest will never be heard. */
  function cut(): Heard | undefined {
    if (!sound) return undefined
    sound.clock = advanceClock(sound.clock, positionMs(), parts.lagMs())
    const heard = { ...heardOf(sound), complete: false }
    sound = undefined
    stopTimer()
    timeline.cut(heard.segmentId, heard.heardMs, nowMs())
    return heard
  }

  return {
    open(next) {
      context = next
      listen()
    },
    attach(next) {
      stream = next
      if (!element) {
        element = parts.createElement()
        const { speakerId } = parts.settings()
        if (speakerId !== undefined) void setSink(element, speakerId)
      }
      applyVolume()
      element.srcObject = next
      play()
      listen()
    },
    began(replyId, segmentId) {
      if (closed || silenced.has(replyId)) return
      finish()
      if (element) element.muted = false
      sound = { replyId, segmentId, clock: beginClock(positionMs(), parts.lagMs()), skippedMs: 0 }
      ports.onQueued()
      look()
    },
    over(replyId, wasCut) {
      if (sound?.replyId !== replyId) return
      if (!wasCut) {
        sound.clock = endClock(sound.clock, positionMs())
        sound.endedMs = nowMs()
        return look()
      }
      const heard = cut()
      if (heard) ports.onHeard(heard, false)
      ports.onOver()
    },
    silence(replyIds) {
      for (const id of replyIds) silenced.add(id)
      if (sound) silenced.add(sound.replyId)
      // At once: what is on its way would be heard for a moment.
      if (element) element.muted = true
      return cut()
    },
    duck() {
      ducked = true
      applyVolume()
    },
    unduck() {
      ducked = false
      applyVolume()
    },
    sounding: () => sound && heardOf(sound),
    use(change) {
      if (change.volume !== undefined) applyVolume()
      if ('speakerId' in change && element) void setSink(element, change.speakerId)
    },
    get level() { return element?.muted ? 0 : level * (element?.volume ?? 0) },
    gesture() { if (blocked) play() },
    close() {
      closed = true
      stopTimer()
      closeEar()
      sound = undefined
      if (!element) return
      element.pause()
      element.srcObject = null
    },
  }
}
