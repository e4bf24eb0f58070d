import { createFramer } from './framer.ts'
import { rms } from './level-meter.ts'
import { floatToPcm16Into } from './pcm16.ts'
import { createResampler } from './resampler.ts'

/** What the capture processor posts, 25 times a second. */
export interface CaptureFrame {
  /** PCM16, mono, at the output rate. */
  samples: Int16Array
  /** Root mean square, 0 to 1. */
  level: number
  /** Index of the first sample since the microphone opened. */
  firstSample: number
}

export interface CaptureOptions {
  /** Rate of the hardware's context, Hz. */
  inputRate: number
  /** @default 24000 */
  outputRate?: number
  /** 40 ms: 25 messages a second, and one frame is all the delay the app adds. @default 960 */
  frameSamples?: number
}

export interface Capture {
  /** One quantum of the microphone. */
  write(quantum: Float32Array): void
  /** A quantum without input (the source is gone for the moment): silence, so that the time axis stays whole. */
  writeSilence(samples: number): void
}

/**
 * Microphone quanta → PCM16 frames at 24 kHz. Allocates nothing after creation: the frame object and its samples are reused, so
 * `onFrame` must copy them (posting them to a port does).
 */
export function createCapture(options: CaptureOptions, onFrame: (frame: CaptureFrame) => void): Capture {
  const { inputRate, outputRate = 24_000, frameSamples = 960 } = options
  const resampler = createResampler({ inputRate, outputRate })
  const silence = new Float32Array(128)
  let resampled = new Float32Array(512)
  let integers = new Int16Array(512)
  const message: CaptureFrame = { samples: new Int16Array(0), level: 0, firstSample: 0 }
  const framer = createFramer(frameSamples, (samples, firstSample) => {
    message.samples = samples
    message.level = rms(samples)
    message.firstSample = firstSample
    onFrame(message)
  })

  function take(input: Float32Array, count: number): void {
    const room = resampler.maxOutput(count)
    // Quanta have 128 samples everywhere today; another size costs one allocation.
    if (room > resampled.length) {
      resampled = new Float32Array(room)
      integers = new Int16Array(room)
    }
    const written = resampler.processInto(input, count, resampled)
    floatToPcm16Into(resampled, written, integers)
    framer.write(integers, written)
  }

  return {
    write: quantum => take(quantum, quantum.length),
    writeSilence(samples) {
      for (let left = samples; left > 0; left -= silence.length) take(silence, Math.min(left, silence.length))
    },
  }
}
