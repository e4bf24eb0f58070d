/** The user's voice as a track that a peer connection can carry. */
export interface VoiceTrack {
  readonly track: MediaStreamTrack
  /** Silence instead of the voice, at once. @default it passes */
  pass(on: boolean): void
  /** From now on what was said so long ago: to begin before now, and catch up later. At most `MAX_LATE_MS`. */
  late(ms: number): void
  close(): void
}

/** What is kept for `late`. */
export const MAX_LATE_MS = 5000
/** Time constant of a change, so that it makes no click. */
const RAMP_S = 0.004

/** @param source what is captured, after its filters; on the same context */
export function openVoiceTrack(context: AudioContext, source: AudioNode): VoiceTrack {
  const delay = context.createDelay(MAX_LATE_MS / 1000)
  const gate = context.createGain()
  const destination = context.createMediaStreamDestination()
  // One voice; two channels would be coded as such.
  destination.channelCount = 1
  source.connect(delay).connect(gate).connect(destination)
  let passing = true
  let lateMs = 0
  return {
    track: destination.stream.getAudioTracks()[0]!,
    pass(on) {
      if (on === passing) return
      passing = on
      gate.gain.cancelScheduledValues(context.currentTime)
      if (on) gate.gain.setTargetAtTime(1, context.currentTime, RAMP_S)
      else gate.gain.setValueAtTime(0, context.currentTime)
    },
    late(ms) {
      const wanted = Math.min(MAX_LATE_MS, Math.max(0, ms))
      if (wanted === lateMs) return
      lateMs = wanted
      delay.delayTime.setValueAtTime(wanted / 1000, context.currentTime)
    },
    close() {
      // The track stays and is silent: whoever carries it goes on, and the other side hears that nobody speaks.
      source.disconnect(delay)
    },
  }
}
