import { createSpeechDetector } from '@kaiwa/audio'
import type { CallSnapshot, Trouble } from './call.ts'
import { createCaptureKeeper } from './capture-keeper.ts'
import type { CaptureWanted } from './capture-inputs.ts'
import type { DeviceWatch } from './device-list.ts'
import type { Encoder } from './encoder.ts'
import type { MicrophoneFrame, openMicrophone } from './microphone.ts'
import { createMutedHint } from './muted-hint.ts'
import { createSentAudio } from './sent-audio.ts'
import type { TimelineModel } from './timeline.ts'
import { troubleOfMicrophone } from './trouble.ts'
import { createVoiceSender } from './voice-sender.ts'

/** The user's voice of one call: microphone → encoder → line. Recording starts with the microphone, sending when it is told to. */

/** 1 s of audio as base64 in the browser's own queue: what is later than this is better kept where the oldest can be dropped. */
const MAX_UNSENT_BYTES = 64_000
/** Turn detection ends a turn after at most this much silence (500 ms by default); sent at once, not in real time. */
const SILENCE_MS = 2000
const FRAME_SAMPLES = 960
const SAMPLES_PER_MS = 24
/** What is said when the key goes up is still on its way through the browser: two frames and some. */
const SETTLE_MS = 120
/** A track's sound is on its way for as long: coding, network, and the other side's jitter buffer. */
const ON_THE_WAY_MS = 200
/** Kept from before the page begins to listen: whoever presses a key has often begun to speak. 7 frames, the oldest goes. */
const KEPT_FRAMES = 7

export interface SpeechInputParts {
  openMicrophone: typeof openMicrophone
  watchDevices?: (watch: DeviceWatch) => () => void
  /** As the settings are now. */
  wanted: () => CaptureWanted
  /** What may be heard of a frame. */
  gate?: (frame: MicrophoneFrame) => MicrophoneFrame
  /** Whether the loudspeaker sounds. */
  isSounding?: () => boolean
  encoder: Encoder
  timeline: TimelineModel
  nowMs: () => number
  setTimer: (callback: () => void, delayMs: number) => () => void
  /** Whether a track is wanted, because the transport carries the voice. @default frames are */
  asTrack?: () => boolean
}
export interface SpeechInputPorts {
  onOpened: () => void
  onFailed: (trouble: Trouble) => void
  onDevice: (device: NonNullable<CallSnapshot['listensWith']>) => void
  onMutedHint?: (on: boolean) => void
  /** With each frame: ms of speech that the page itself hears in it. */
  onVoice?: (ms: number) => void
  send: (pcm16Base64: string) => void
  onTrack?: (track: MediaStreamTrack) => void
  unsentBytes: () => number
}

export interface SpeechInput {
  /** On this context, or from the one before to it. Line, playback and what waits to be sent stay as they are. */
  open(context: AudioContext): void
  /** Another microphone or filter: only the capture changes, and a microphone that works is heard until then. */
  use(wanted: CaptureWanted): void
  startSending(): void
  /** The line is lost since then, and another is on its way, for which what is said is kept: frames or a track, as it will want. */
  holdBack(silentMs: number): void
  sendSilence(): void
  setMuted(muted: boolean): void
  /** Whether what is said goes to the line at all; a little of what came before goes with it. @default it does */
  listen(on: boolean): void
  /** Resolves when what was said up to now has been recorded and, as a track, is there: soon after. */
  settle(): Promise<void>
  /** Ms of audio as the server counts → ms since the call began. */
  toCallMs(audioMs: number): number
  close(): void
}

export function createSpeechInput(parts: SpeechInputParts, ports: SpeechInputPorts): SpeechInput {
  const { encoder, timeline, nowMs } = parts
  const sentAudio = createSentAudio()
  const detector = createSpeechDetector()
  const mutedHint = createMutedHint({ nowMs, setTimer: parts.setTimer, onHint: on => ports.onMutedHint?.(on) })
  const sender = createVoiceSender({ onTrack: track => ports.onTrack?.(track) })
  let trackZeroMs = 0
  let listening = true
  let kept: { frame: MicrophoneFrame, atMs: number }[] = []
  let sending: 'no' | 'yes' | 'line_full' = 'no'
  let closed = false
  let captureZeroMs: number | undefined

  /** When a frame's last sample was spoken: by the microphone's own count, because frames reach the page unevenly. */
  function capturedMs(frame: MicrophoneFrame) {
    const end = (frame.firstSample + frame.samples.length) / SAMPLES_PER_MS
    const zero = nowMs() - end
    // A count that stood still (a muted microphone may) starts anew.
    if (captureZeroMs === undefined || zero < captureZeroMs || zero > captureZeroMs + 1000) captureZeroMs = zero
    return captureZeroMs + end
  }

  /** The track carries it; the frame is kept only for a line that may have to take over. */
  function carried(frame: MicrophoneFrame, atMs: number) {
    encoder.write(frame)
    sentAudio.sent(Math.max(0, atMs - trackZeroMs), atMs - sender.lateMs)
    timeline.userSentUpTo(atMs - sender.lateMs)
  }
  function write(frame: MicrophoneFrame, atMs: number) {
    if (sender.isOn) return carried(frame, atMs)
    if (sending === 'yes' && ports.unsentBytes() > MAX_UNSENT_BYTES) holdBack()
    else if (sending === 'line_full' && ports.unsentBytes() < MAX_UNSENT_BYTES / 2) flush()
    const before = encoder.sentSamples
    encoder.write(frame)
    if (encoder.sentSamples > before) noteSent(atMs)
  }
  function noteSent(atMs: number) {
    sentAudio.sent(encoder.sentSamples / SAMPLES_PER_MS, atMs)
    timeline.userSentUpTo(atMs)
  }
  function holdBack() {
    sending = 'line_full'
    encoder.hold()
  }
  function flush() {
    sending = 'yes'
    const before = encoder.sentSamples
    const endMs = nowMs()
    encoder.open(ports.send)
    if (encoder.sentSamples > before) noteSent(endMs)
  }

  function take(frame: MicrophoneFrame, atMs: number) {
    timeline.userFrame(atMs, frame.level)
    write(frame, atMs)
  }

  const keeper = createCaptureKeeper(parts, {
    onVoiceTrack: voice => sender.use(voice),
    onFrame(captured, fresh) {
      if (closed) return
      if (fresh) {
        captureZeroMs = undefined
        detector.reset()
      }
      const frame = parts.gate?.(captured) ?? captured
      const atMs = capturedMs(frame)
      const speechMs = detector.write(frame.samples, parts.isSounding?.())
      ports.onVoice?.(speechMs)
      sender.heard(speechMs, atMs)
      sender.pass(listening && frame === captured)
      if (listening) take(frame, atMs)
      else kept = [...kept, { frame, atMs }].slice(-KEPT_FRAMES)
    },
    onMutedLevel: level => { if (!closed) mutedHint.hear(level, parts.isSounding?.() ?? false) },
    onOpened: ports.onOpened,
    onFailed: fault => ports.onFailed(troubleOfMicrophone(fault)),
    onDevice: ({ deviceId, label, instead, filterMissing }, quiet) => ports.onDevice({ deviceId, label, instead, quiet, filterMissing }),
  })

  return {
    open(context) { if (!closed) keeper.open(context, parts.wanted()) },
    use(wanted) { keeper.use(wanted) },
    startSending() {
      if (sending !== 'no' || sender.isOn) return
      if (!parts.asTrack?.()) return flush()
      trackZeroMs = nowMs()
      sender.start(trackZeroMs)
    },
    holdBack(silentMs) {
      // What an event line had taken is not told apart from what got there: only a track's last is known.
      encoder.keepLast(sender.isOn ? silentMs : 0)
      encoder.hold()
      sender.stop()
      sending = 'no'
    },
    sendSilence() {
      // A track is never still.
      if (sending === 'no') return
      const frames = Math.ceil(SILENCE_MS * SAMPLES_PER_MS / FRAME_SAMPLES)
      for (let i = 0; i < frames; i++) encoder.write({ samples: new Int16Array(FRAME_SAMPLES), level: 0, firstSample: 0 })
      sentAudio.sent(encoder.sentSamples / SAMPLES_PER_MS, nowMs())
    },
    setMuted(muted) {
      keeper.setMuted(muted)
      sender.setMuted(muted)
      mutedHint.reset()
    },
    listen(on) {
      listening = on
      sender.pass(on, on ? kept.length * FRAME_SAMPLES / SAMPLES_PER_MS : 0)
      const before = kept
      kept = []
      if (on) for (const { frame, atMs } of before) take(frame, atMs)
    },
    settle() {
      return new Promise(resolve => { parts.setTimer(resolve, keeper.isLive ? SETTLE_MS + (sender.isOn ? ON_THE_WAY_MS + sender.lateMs : 0) : 0) })
    },
    toCallMs: audioMs => sentAudio.toCallMs(audioMs),
    close() {
      closed = true
      sender.stop()
      keeper.close()
      mutedHint.reset()
      encoder.hold()
      encoder.clear()
    },
  }
}
