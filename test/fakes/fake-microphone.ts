import type { Microphone, MicrophoneEnvironment, MicrophoneFault, MicrophoneFrame, MicrophoneOpening } from '../../app/voice/microphone.ts'
import type { VoiceTrack } from '../../app/voice/voice-track.ts'

/** A microphone that speaks when told to, and a browser that asks for it. */
export interface FakeMicrophone {
  /** As `openMicrophone`: the prompt stays open until `allow` or `deny`. */
  open(context: AudioContext, environment?: MicrophoneEnvironment): Promise<MicrophoneOpening>
  allow(as?: { instead?: boolean }): void
  deny(fault: MicrophoneFault): void
  /** Frames of 40 ms; their first sample is `value`. Nothing while muted, as the real one. */
  speak(ms: number, value?: number): void
  unplug(fault: MicrophoneFault): void
  /** The system takes the sound away, or gives it back. */
  take(taken: boolean): void
  /** So loud it is around a microphone that is muted. */
  murmur(level: number): void
  /** Ids that were asked for, in order; undefined: the system's own. */
  readonly asked: readonly (string | undefined)[]
  /** Whether nothing was to come in its place, in order. */
  readonly only: readonly boolean[]
  /** The voice as a track: whether it passes, and how late. */
  readonly track: { passing: boolean, lateMs: number }
  /** Microphones that run without being muted. */
  readonly unmutedTracks: number
  /** Microphones whose tracks run. */
  readonly openTracks: number
  readonly prompts: number
}

const FRAME_SAMPLES = 960

export function createFakeMicrophone(): FakeMicrophone {
  const live = new Set<ReturnType<typeof create>>()
  let waiting: { environment: MicrophoneEnvironment | undefined, answer: (opening: MicrophoneOpening) => void }[] = []
  const asked: (string | undefined)[] = []
  const only: boolean[] = []
  let prompts = 0
  const track = { passing: false, lateMs: 0 }
  const voice = (id: number): VoiceTrack => ({
    track: { id: `track${id}` } as MediaStreamTrack, pass: on => { track.passing = on }, late: ms => { track.lateMs = ms }, close: () => {},
  })

  function create(environment: MicrophoneEnvironment | undefined, instead: boolean) {
    let onTaken: (taken: boolean) => void = () => {}
    let onMutedLevel: (level: number) => void = () => {}
    let onFrame: (frame: MicrophoneFrame) => void = () => {}
    let onEnded: (fault: MicrophoneFault) => void = () => {}
    let muted = environment?.isMuted?.() ?? false
    let firstSample = 0
    const deviceId = instead ? 'default' : environment?.deviceId ?? 'default'
    const microphone: Microphone = {
      ...environment?.asTrack ? { voice: voice(prompts) } : {},
      device: { deviceId, label: `Microphone ${deviceId}`, sampleRate: 48_000, instead, filterMissing: false },
      onTaken(listener) { onTaken = listener },
      onMutedLevel(listener) { onMutedLevel = listener },
      onFrame(listener) { onFrame = listener },
      onEnded(listener) { onEnded = listener },
      setMuted(next) { muted = next },
      close() { live.delete(self) },
    }
    const self = {
      microphone,
      frame(value: number) {
        const samples = new Int16Array(FRAME_SAMPLES).fill(value)
        if (!muted) onFrame({ samples, level: Math.abs(value) / 32_768, firstSample })
        firstSample += FRAME_SAMPLES
      },
      get muted() { return muted },
      take(taken: boolean) { onTaken(taken) },
      murmur(level: number) { if (muted) onMutedLevel(level) },
      end(fault: MicrophoneFault) {
        live.delete(self)
        onEnded(fault)
      },
    }
    return self
  }

  function answer(opening: MicrophoneOpening) {
    const [next, ...rest] = waiting
    waiting = rest
    next?.answer(opening)
  }

  return {
    open(_context, environment) {
      prompts++
      asked.push(environment?.deviceId)
      only.push(environment?.only ?? false)
      return new Promise(resolve => {
        waiting.push({ environment, answer: resolve })
        environment?.signal?.addEventListener('abort', () => {
          waiting = waiting.filter(({ answer }) => answer !== resolve)
          resolve({ ok: false, fault: { code: 'mic_failed', detail: 'given up' } })
        })
      })
    },
    allow({ instead = false } = {}) {
      const [first] = waiting
      if (!first) return
      const made = create(first.environment, instead)
      live.add(made)
      answer({ ok: true, microphone: made.microphone })
    },
    deny(fault) { answer({ ok: false, fault }) },
    speak(ms, value = 1000) {
      for (let i = 0; i < ms / 40; i++) for (const { frame } of live) frame(value)
    },
    unplug(fault) { for (const { end } of live) end(fault) },
    take(taken) { for (const { take } of live) take(taken) },
    murmur(level) { for (const { murmur } of live) murmur(level) },
    get asked() { return asked },
    track,
    get only() { return only },
    get unmutedTracks() { return [...live].filter(({ muted }) => !muted).length },
    get openTracks() { return live.size },
    get prompts() { return prompts },
  }
}
