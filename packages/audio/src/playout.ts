import { createGivingWay } from './giving-way.ts'
import { createJitterBuffer } from './jitter-buffer.ts'
import { createPlayoutClock } from './playout-clock.ts'
import { createResampler } from './resampler.ts'
import type { StartDelayOptions } from './start-delay.ts'

/** From the player to its processor, in order. */
export type PlayoutCommand
  = | { type: 'play', segmentId: string, samples: Int16Array }
    | { type: 'end', segmentId: string }
    | { type: 'clear', requestId: number }
    /** Somebody may be interrupting: give way, lose nothing. Ends with `unduck`, or with the `clear` of an interruption. */
    | { type: 'duck' } | { type: 'unduck' }
    | { type: 'close' }

/** From the processor to the player. `playedSamples` counts at the segments' rate and never includes a sample that hasn't left. */
export type PlayoutReport
  = | { type: 'position', segmentId: string, playedSamples: number }
    | { type: 'underrun', segmentId: string, playedSamples: number }
    | { type: 'finished', segmentId: string, playedSamples: number }
    /** `silentMs`: how long nothing had left before the cut, because it gave way or samples had run out. */
    | { type: 'cleared', requestId: number, segmentId: string | undefined, playedSamples: number, dropped: string[], silentMs: number }
    | { type: 'refused', segmentId: string, samples: number, why: 'full' | 'late' }

export interface PlayoutOptions {
  /** Rate of the hardware's context, Hz. */
  contextRate: number
  /** Rate of the segments, Hz. @default 24000 */
  sampleRate?: number
  maxBacklogMs?: number
  delay?: StartDelayOptions
}

export interface Playout {
  receive(command: PlayoutCommand): void
  /** Fills one quantum. Allocates nothing except a report every 50 ms. @returns false once closed */
  process(output: Float32Array): boolean
}

/** Where sound starts, stops or is cut: short enough to pass for silence at once, long enough not to click. */
const FADE_MS = 4
const REPORT_MS = 50

/**
 * Segments of PCM16 in, the device's quanta out, and how much of which was played, to the sample.
 *
 * Segments that follow one another are one signal: they are resampled through their seam. When samples run out, the last 4 ms fade; when
 * more come, playout goes on at the very next sample, fading in. A cut renders its own fade at once and forgets the rest. While it gives
 * way it is quieter, then waits; then it goes on at the very next sample too.
 */
export function createPlayout(options: PlayoutOptions, onReport: (report: PlayoutReport) => void): Playout {
  const { contextRate, sampleRate = 24_000, maxBacklogMs, delay } = options
  const buffer = createJitterBuffer({ sampleRate, maxMs: maxBacklogMs, delay })
  const clock = createPlayoutClock()
  const resampler = createResampler({ inputRate: sampleRate, outputRate: contextRate })
  const way = createGivingWay({ contextRate })
  const fadeFrames = Math.round(FADE_MS * contextRate / 1000)
  const samplesPerFrame = sampleRate / contextRate
  const reportFrames = Math.round(REPORT_MS * contextRate / 1000)
  const tail = new Float32Array(fadeFrames)
  let tailAt = fadeFrames
  let scratch = new Float32Array(1024)
  let padding = 0
  let base = 0
  let gain = 0
  let frames = 0
  let lastSoundFrame = 0
  let nextReport = 0
  let sounding = false
  let closed = false
  const nowMs = () => frames * 1000 / contextRate
  const position = () => Math.min(clock.endPosition, base + resampler.positionSamples)

  /** The last samples need what follows them: silence, once it is certain that nothing does. */
  const mayPad = () => padding > 0 || clock.ended ? resampler.lookaheadSamples - padding : 0

  /** Computes up to `wanted` frames from what is there. @returns how many */
  function render(output: Float32Array, wanted: number): number {
    const needed = resampler.inputNeeded(wanted)
    // Another quantum size or rate than expected costs one allocation.
    if (needed > scratch.length) scratch = new Float32Array(needed)
    const real = padding > 0 ? 0 : Math.min(needed, buffer.depthSamples)
    const zeros = real < needed ? Math.min(needed - real, mayPad()) : 0
    buffer.readInto(scratch, real)
    scratch.fill(0, real, real + zeros)
    padding += zeros
    return resampler.processInto(scratch, real + zeros, output)
  }

  /** Multiplies by a gain that goes up, and down again towards the end of what is there. */
  function shape(output: Float32Array, count: number, from: number, available: number): void {
    const fadeSamples = fadeFrames * samplesPerFrame
    for (let i = 0; i < count; i++) {
      const left = available - (from + i * samplesPerFrame)
      gain = left > fadeSamples ? Math.min(1, gain + 1 / fadeFrames) : Math.max(0, gain - 1 / fadeFrames)
      if (gain < 1) output[i]! *= gain * gain * (3 - 2 * gain)
    }
  }

  function sound(output: Float32Array): void {
    const from = base + resampler.positionSamples
    const available = clock.endPosition - (clock.ended ? 0 : resampler.lookaheadSamples)
    const count = render(output, output.length)
    shape(output, count, from, available)
    if (count > 0) lastSoundFrame = frames + count
    announce(clock.moveTo(position()))
    if (count < output.length) stop()
  }

  /** Nothing left to play: all is over, or the newest segment is starved. */
  function stop(): void {
    sounding = false
    gain = 0
    const starved = clock.current
    if (padding === 0 && starved && !clock.ended) {
      buffer.underrun()
      return onReport({ type: 'underrun', ...starved })
    }
    if (padding > 0) restart()
    buffer.rest(nowMs())
  }

  /** The resampler has seen the silence after the last sample: begin afresh where it ended. */
  function restart(): void {
    base = clock.endPosition - buffer.depthSamples
    padding = 0
    resampler.reset()
    announce(clock.moveTo(base))
  }

  function announce(done: readonly { segmentId: string, playedSamples: number }[]): void {
    for (const segment of done) onReport({ type: 'finished', ...segment })
  }

  function play(segmentId: string, samples: Int16Array): void {
    if (samples.length === 0) return
    if (!clock.accepts(segmentId)) return onReport({ type: 'refused', segmentId, samples: samples.length, why: 'late' })
    const taken = buffer.push(samples, nowMs())
    clock.append(segmentId, taken)
    if (taken < samples.length) onReport({ type: 'refused', segmentId, samples: samples.length - taken, why: 'full' })
  }

  function clear(requestId: number): void {
    const level = way.cut()
    if (sounding) renderTail(level)
    buffer.clear()
    const { current, waiting } = clock.clear()
    sounding = false
    gain = 0
    restart()
    onReport({ type: 'cleared', requestId, segmentId: current?.segmentId, playedSamples: current?.playedSamples ?? 0, dropped: waiting, silentMs: (frames - lastSoundFrame) * 1000 / contextRate })
  }

  function renderTail(level: number): void {
    tail.fill(0)
    const count = render(tail, Math.ceil(gain * fadeFrames))
    shape(tail, count, 0, 0)
    if (level < 1) for (let i = 0; i < count; i++) tail[i]! *= level
    tailAt = 0
  }

  function receive(command: PlayoutCommand): void {
    switch (command.type) {
      case 'play': return play(command.segmentId, command.samples)
      case 'end':
        clock.end(command.segmentId)
        if (clock.ended) buffer.settle()
        return
      case 'clear': return clear(command.requestId)
      case 'duck': return way.duck()
      case 'unduck': return way.unduck()
      case 'close':
        closed = true
    }
  }

  function process(output: Float32Array): boolean {
    output.fill(0)
    if (!sounding && !way.held && buffer.ready(nowMs(), clock.ended && !clock.empty)) {
      sounding = true
      buffer.start()
      nextReport = frames
    }
    if (sounding && !way.held) sound(output)
    way.apply(output)
    for (let i = 0; tailAt < fadeFrames && i < output.length; i++) output[i]! += tail[tailAt++]!
    frames += output.length
    if (sounding && frames >= nextReport) report()
    return !closed
  }

  function report(): void {
    nextReport = frames + reportFrames
    const current = clock.current
    if (current) onReport({ type: 'position', ...current })
  }

  return { receive, process }
}
