import type { Microphone, MicrophoneFault, MicrophoneFrame, MicrophoneOpening } from '../../app/voice/microphone.ts'

/** A microphone that speaks when told to, and a browser that asks for it. */
export interface FakeMicrophone {
  /** As `openMicrophone`: the prompt stays open until `allow` or `deny`. */
  open(context: AudioContext, environment?: { signal?: AbortSignal }): Promise<MicrophoneOpening>
  allow(): void
  deny(fault: MicrophoneFault): void
  /** Frames of 40 ms; their first sample is `value`. Nothing while muted, as the real one. */
  speak(ms: number, value?: number): void
  unplug(fault: MicrophoneFault): void
  /** Microphones whose tracks run. */
  readonly openTracks: number
  readonly prompts: number
}

const FRAME_SAMPLES = 960

export function createFakeMicrophone(): FakeMicrophone {
  const live = new Set<ReturnType<typeof create>>()
  let waiting: ((opening: MicrophoneOpening) => void)[] = []
  let prompts = 0

  function create() {
    let onFrame: (frame: MicrophoneFrame) => void = () => {}
    let onEnded: (fault: MicrophoneFault) => void = () => {}
    let muted = false
    let firstSample = 0
    const microphone: Microphone = {
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
    next?.(opening)
  }

  return {
    open(_context, environment) {
      prompts++
      return new Promise(resolve => {
        waiting.push(resolve)
        environment?.signal?.addEventListener('abort', () => {
          waiting = waiting.filter(other => other !== resolve)
          resolve({ ok: false, fault: { code: 'mic_failed', detail: 'given up' } })
        })
      })
    },
    allow() {
      if (waiting.length === 0) return
      const made = create()
      live.add(made)
      answer({ ok: true, microphone: made.microphone })
    },
    deny(fault) { answer({ ok: false, fault }) },
    speak(ms, value = 1000) {
      for (let i = 0; i < ms / 40; i++) for (const { frame } of live) frame(value)
    },
    unplug(fault) { for (const { end } of live) end(fault) },
    get openTracks() { return live.size },
    get prompts() { return prompts },
  }
}
