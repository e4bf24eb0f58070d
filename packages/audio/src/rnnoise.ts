/** Takes noise out of one frame of sound, in place. */
export interface Denoiser {
  /** Hz. */
  readonly sampleRate: number
  /** Length of a frame, samples. */
  readonly frameSamples: number
  /** What comes out of a frame is the sound so many samples earlier. */
  readonly delaySamples: number
  process(frame: Float32Array): void
  /** Frees what it holds. Idempotent; `process` does nothing after it. */
  close(): void
}

/** What RNNoise's program exports (rnnoise.h of xiph/rnnoise, compiled by Emscripten without its glue). */
export interface RnnoiseExports {
  memory: { readonly buffer: ArrayBuffer }
  __wasm_call_ctors(): void
  malloc(bytes: number): number
  free(at: number): void
  rnnoise_get_frame_size(): number
  rnnoise_create(model: number): number
  rnnoise_destroy(state: number): void
  rnnoise_process_frame(state: number, output: number, input: number): number
}

/** What the program imports. */
export interface RnnoiseImports {
  env: {
    emscripten_memcpy_big(to: number, from: number, bytes: number): void
    emscripten_resize_heap(): number
    __assert_fail(): void
  }
}

const SAMPLE_RATE = 48_000
const FRAME_SAMPLES = 480
const BYTES_PER_SAMPLE = 4
/** It counts in 16-bit integers, written as floats. */
const FULL_SCALE = 32_768

/** Its memory is 16 MB, where a state takes 50 kB: it never grows. */
function importsOf(memory: () => Uint8Array): RnnoiseImports {
  return {
    env: {
      emscripten_memcpy_big(to, from, bytes) { memory().copyWithin(to, from, from + bytes) },
      emscripten_resize_heap: () => 0,
      __assert_fail() { throw new Error('RNNoise failed an assertion of its own.') },
    },
  }
}

/**
 * RNNoise: a small recurrent network that weighs 22 bands, 10 ms at a time (J.-M. Valin, "A Hybrid DSP/Deep Learning Approach to
 * Real-Time Full-Band Speech Enhancement", 2018). Its windows overlap by half, so it is one frame late. Allocates nothing per frame.
 * @param instantiate makes an instance of the program, of its own for each denoiser
 * @throws Error when the program isn't RNNoise's, or has no memory left; whatever `instantiate` throws
 */
export function createRnnoise(instantiate: (imports: RnnoiseImports) => RnnoiseExports): Denoiser {
  let heap = new Uint8Array()
  const program = instantiate(importsOf(() => heap))
  heap = new Uint8Array(program.memory.buffer)
  program.__wasm_call_ctors()
  if (program.rnnoise_get_frame_size() !== FRAME_SAMPLES) throw new Error(`RNNoise has frames of ${program.rnnoise_get_frame_size()} samples, not ${FRAME_SAMPLES}.`)
  const state = program.rnnoise_create(0)
  const at = program.malloc(FRAME_SAMPLES * BYTES_PER_SAMPLE)
  if (!state || !at) throw new Error('RNNoise has no memory left.')
  const room = new Float32Array(program.memory.buffer, at, FRAME_SAMPLES)
  let closed = false
  return {
    sampleRate: SAMPLE_RATE, frameSamples: FRAME_SAMPLES, delaySamples: FRAME_SAMPLES,
    process(frame) {
      if (closed) return
      for (let i = 0; i < FRAME_SAMPLES; i++) room[i] = frame[i]! * FULL_SCALE
      program.rnnoise_process_frame(state, at, at)
      for (let i = 0; i < FRAME_SAMPLES; i++) frame[i] = room[i]! / FULL_SCALE
    },
    close() {
      if (closed) return
      closed = true
      program.rnnoise_destroy(state)
      program.free(at)
    },
  }
}
