/**
 * The voice path's own cost: resampler (× real time, and its quality), base64 (MB/s), and the share of a quantum that each processor takes.
 * Run: `npx node bench/audio.ts`. Best of five rounds, because others use the machine too.
 */
import { createCapture, createPlayout, createResampler, decodePcm16, encodePcm16, floatToPcm16 } from '@kaiwa/audio'
import { signalToNoise, tone } from '../packages/audio/test/tone.ts'

const ROUNDS = 5
const QUANTUM = 128
const rates = [8000, 16_000, 22_050, 24_000, 44_100, 48_000, 96_000]

/** Seconds that the fastest of the rounds took. */
function fastest(work: () => void): number {
  work()
  const rounds = Array.from({ length: ROUNDS }, () => {
    const begin = performance.now()
    work()
    return (performance.now() - begin) / 1000
  })
  return Math.min(...rounds)
}

function resamplers() {
  for (const inputRate of rates) {
    for (const outputRate of rates.filter(rate => rate !== inputRate && (rate === 24_000 || inputRate === 24_000))) {
      const input = tone(440, inputRate, inputRate * 5)
      const seconds = fastest(() => createResampler({ inputRate, outputRate }).process(input))
      const decibels = [0.04, 0.2, 0.45, 0.7, 0.79].map(share => {
        const frequency = share * Math.min(inputRate, outputRate) / 2
        const output = createResampler({ inputRate, outputRate }).process(tone(frequency, inputRate, inputRate / 4))
        return signalToNoise(output, tone(frequency, outputRate, output.length), Math.floor(output.length / 10))
      })
      console.log(`resampler ${String(inputRate).padStart(6)} → ${String(outputRate).padStart(6)} Hz  ${(5 / seconds).toFixed(0).padStart(5)} × real time  worst tone ${Math.min(...decibels).toFixed(0)} dB`)
    }
  }
}

function base64() {
  const frame = floatToPcm16(tone(440, 24_000, 960))
  const text = encodePcm16(frame)
  const megabytes = 5000 * frame.byteLength / 1e6
  const encoding = fastest(() => { for (let i = 0; i < 5000; i++) encodePcm16(frame) })
  const decoding = fastest(() => { for (let i = 0; i < 5000; i++) decodePcm16(text) })
  console.log(`PCM16 → base64, frames of 40 ms  ${(megabytes / encoding).toFixed(0)} MB/s · base64 → PCM16  ${(megabytes / decoding).toFixed(0)} MB/s`)
}

function share(name: string, contextRate: number, quanta: number, seconds: number) {
  const microseconds = seconds / quanta * 1e6
  const quantum = QUANTUM / contextRate * 1e6
  console.log(`${name} at ${contextRate} Hz  ${microseconds.toFixed(2)} µs per quantum = ${(100 * microseconds / quantum).toFixed(2)} % of it (goal: under 10 %)`)
}

function processors() {
  for (const contextRate of [44_100, 48_000, 96_000]) {
    const quanta = Math.floor(5 * contextRate / QUANTUM)
    const quantum = tone(440, contextRate, QUANTUM)
    share('capture ', contextRate, quanta, fastest(() => {
      const capture = createCapture({ inputRate: contextRate }, () => {})
      for (let i = 0; i < quanta; i++) capture.write(quantum)
    }))
    const samples = floatToPcm16(tone(440, 24_000, 24_000 * 6))
    share('playback', contextRate, quanta, fastest(() => {
      const playout = createPlayout({ contextRate }, () => {})
      playout.receive({ type: 'play', segmentId: 'a', samples })
      for (let i = 0; i < quanta; i++) playout.process(quantum)
    }))
  }
}

resamplers()
base64()
processors()
