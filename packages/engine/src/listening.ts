import { createResampler, pcm16ToFloat } from '@kaiwa/audio'
import { within, asStageError } from './deadline.ts'
import type { Clock } from './engine.ts'
import { SAMPLES_PER_MS, WIRE_SAMPLE_RATE } from './input-buffer.ts'
import type { InputBuffer } from './input-buffer.ts'
import type { Vad, StageError } from './stages.ts'
import { stepTurn } from './turn-detector.ts'
import type { Turn, TurnDetectorOptions, TurnEffect } from './turn-detector.ts'

/** A VAD frame takes 0.3 ms; the first one may wait for the model to load. */
const VAD_FRAME_WITHIN_MS = 5_000
const VAD_OPEN_WITHIN_MS = 15_000
/** After this many failures in a row the session does without turn detection. */
const MAX_VAD_FAILURES = 3
/** Audio handed to the resampler at once: 20 ms. */
const SLICE_SAMPLES = 480

export interface ListeningPort {
  /** `null`: nobody asked for turn detection. Read before every frame, because the words so far may change it. */
  options(): TurnDetectorOptions | null
  onTurn(effect: TurnEffect): void
  /** Judged up to here; `inTurn`: the user is speaking, or may be about to stop. */
  onJudged(position: number, inTurn: boolean): void
  onFault(fault: StageError, givenUp: boolean): void
}

export interface Listening {
  /** More audio is in the buffer. */
  wake(): void
  /** Whatever came before the buffer's end no longer counts. */
  reset(): void
  close(): void
}

export interface ListeningOptions { openVad: () => Promise<Vad>, clock: Clock, buffer: InputBuffer, port: ListeningPort }

/** Reads the input buffer frame by frame through the VAD, in order, and tells where turns begin and end. */
export function createListening({ openVad, clock, buffer, port }: ListeningOptions): Listening {
  const abort = new AbortController()
  let vad: Vad | undefined
  let frames: FrameReader | undefined
  let turn: Turn = { phase: 'listening' }
  let fromPosition = 0
  let epoch = 0
  let failures = 0
  let running = false
  let woken = false

  function reset(): void {
    epoch++
    fromPosition = buffer.end
    frames = undefined
    turn = { phase: 'listening' }
  }

  async function open(): Promise<Vad> {
    const opening = openVad()
    // One that arrives after we left is closed by whoever waited for it: nobody else can.
    opening.then(late => { if (abort.signal.aborted) late.close() }, () => {})
    return within(opening, { clock, stage: 'vad', withinMs: VAD_OPEN_WITHIN_MS, signal: abort.signal })
  }

  async function judgeNextFrame(): Promise<boolean> {
    if (!port.options()) return false
    vad ??= await open()
    if (!frames) {
      vad.reset()
      frames = createFrameReader(buffer, Math.max(fromPosition, buffer.start), vad)
    }
    const epochOfFrame = epoch
    const frame = frames.next()
    if (!frame) return false
    const probability = await within(vad.process(frame.samples), { clock, stage: 'vad', withinMs: VAD_FRAME_WITHIN_MS, signal: abort.signal })
    failures = 0
    const options = port.options()
    if (epoch !== epochOfFrame || !options) return true
    const [next, effect] = stepTurn(turn, { probability, startMs: frame.startMs, endMs: frame.endMs }, options)
    turn = next
    if (effect) port.onTurn(effect)
    if (epoch === epochOfFrame) port.onJudged(frame.endPosition, next.phase === 'speaking' || next.phase === 'settling')
    return true
  }

  function failed(cause: unknown): void {
    if (abort.signal.aborted) return
    failures++
    vad?.close()
    vad = undefined
    reset()
    port.onFault(asStageError('vad', cause), failures >= MAX_VAD_FAILURES)
  }

  async function run(): Promise<void> {
    running = true
    try {
      do {
        woken = false
        while (!abort.signal.aborted && await judgeNextFrame());
      } while (woken)
    } catch (cause) {
      failed(cause)
    } finally {
      running = false
    }
  }

  return {
    wake() {
      woken = true
      if (!running && !abort.signal.aborted && failures < MAX_VAD_FAILURES) void run()
    },
    reset,
    close() {
      abort.abort()
      vad?.close()
      vad = undefined
    },
  }
}

interface Frame { samples: Float32Array, startMs: number, endMs: number, endPosition: number }
interface FrameReader { next(): Frame | undefined }

/** The buffer from a position on, as frames at the VAD's rate. Its delay (1.3 ms of look-ahead) is neglected. */
function createFrameReader(buffer: InputBuffer, fromPosition: number, vad: Pick<Vad, 'sampleRate' | 'frameSamples'>): FrameReader {
  const resampler = createResampler({ inputRate: WIRE_SAMPLE_RATE, outputRate: vad.sampleRate })
  const wireSamplesPerFrame = vad.frameSamples * WIRE_SAMPLE_RATE / vad.sampleRate
  let pending = new Float32Array(0)
  let readTo = fromPosition
  let framesRead = 0
  return {
    next() {
      while (pending.length < vad.frameSamples) {
        const slice = buffer.read(readTo, readTo + SLICE_SAMPLES)
        if (slice.length === 0) return undefined
        readTo += slice.length
        pending = joinFloats(pending, resampler.process(pcm16ToFloat(slice)))
      }
      const samples = pending.slice(0, vad.frameSamples)
      pending = pending.slice(vad.frameSamples)
      const startMs = (fromPosition + framesRead * wireSamplesPerFrame) / SAMPLES_PER_MS
      framesRead++
      const endPosition = Math.floor(fromPosition + framesRead * wireSamplesPerFrame)
      return { samples, startMs, endMs: endPosition / SAMPLES_PER_MS, endPosition }
    },
  }
}

function joinFloats(a: Float32Array, b: Float32Array): Float32Array<ArrayBuffer> {
  const joined = new Float32Array(a.length + b.length)
  joined.set(a)
  joined.set(b, a.length)
  return joined
}
