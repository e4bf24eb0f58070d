import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { createResampler, createSpeechDetector, floatToPcm16, pcm16ToFloat } from '@kaiwa/audio'
import { cough } from '../../../test/fakes/cough.ts'
import { readWav, type Recording } from '../../../test/fakes/wav.ts'

const FRAME = 960
const FRAME_MS = 40
const db = (level: number) => 10 ** (level / 20)

function createNoise() {
  let seed = 1
  return () => {
    seed = (seed * 1_103_515_245 + 12_345) & 0x7fff_ffff
    // Uniform: its root mean square is 1.
    return (seed / 0x4000_0000 - 1) * Math.sqrt(3)
  }
}

/** A room at this level, with a sound in it from `afterMs` on. */
function room(noiseDb: number, sound: Float32Array, afterMs = 2000, restMs = 1000): Int16Array {
  const noise = createNoise()
  const samples = Float32Array.from({ length: 24 * (afterMs + restMs) + sound.length }, () => noise() * db(noiseDb))
  sound.forEach((sample, i) => { samples[24 * afterMs + i]! += sample })
  return floatToPcm16(samples)
}

function at24k({ sampleRate, samples }: Recording): Float32Array {
  return createResampler({ inputRate: sampleRate, outputRate: 24_000 }).process(pcm16ToFloat(samples))
}

const recording = (name: string) => at24k(readWav(readFileSync(new URL(`../../../test/fixtures/speech/${name}.wav`, import.meta.url))))

/** Ms of speech by frame. */
function listen(samples: Int16Array, sounding = false): number[] {
  const detector = createSpeechDetector()
  return Array.from({ length: Math.floor(samples.length / FRAME) }, (_, i) => detector.write(samples.subarray(i * FRAME, (i + 1) * FRAME), sounding))
}

/** When the last `withinMs` first held so much speech; Infinity: never. */
function confirmedMs(speech: number[], neededMs: number, withinMs: number): number {
  const index = speech.findIndex((_, i) => speech.slice(Math.max(0, i - withinMs / FRAME_MS + 1), i + 1).reduce((sum, ms) => sum + ms, 0) >= neededMs)
  return index < 0 ? Infinity : (index + 1) * FRAME_MS
}

/** When it gets loud: 20 ms above -40 dB. */
function onsetMs(sound: Float32Array): number {
  for (let at = 0; at < sound.length; at += 480) {
    if (Math.sqrt(sound.subarray(at, at + 480).reduce((sum, sample) => sum + sample * sample, 0) / 480) > 0.01) return at / 24
  }
  return Infinity
}

const people = ['amiable', 'cold-hearted', 'go-forward', 'ill-disposed']

describe('a person who speaks', () => {
  it.each(people)('is noticed within 120 ms, and confirmed within 700 ms, in a quiet room and beside a fan: %s', name => {
    const sound = recording(name)
    for (const noiseDb of [-60, -45]) {
      const speech = listen(room(noiseDb, sound))
      const from = 2000 + onsetMs(sound)
      const noticed = (speech.findIndex(ms => ms > 0) + 1) * FRAME_MS - from
      const confirmed = confirmedMs(speech, 400, 600) - from
      process.stdout.write(`${name}, room ${noiseDb} dB: noticed after ${noticed.toFixed(0)} ms, 400 ms of speech after ${confirmed.toFixed(0)} ms\n`)
      expect(noticed).toBeLessThanOrEqual(120)
      expect(confirmed).toBeLessThanOrEqual(700)
    }
  })

  it.each(people)('is noticed while the loudspeaker sounds, though later: %s', name => {
    const sound = recording(name)
    const speech = listen(room(-60, sound), true)
    expect((speech.findIndex(ms => ms > 0) + 1) * FRAME_MS - 2000 - onsetMs(sound)).toBeLessThanOrEqual(160)
    expect(confirmedMs(speech, 400, 600) - 2000 - onsetMs(sound)).toBeLessThanOrEqual(800)
  })
})

describe('what is no speech', () => {
  const noise = createNoise()
  const sounds: [string, Float32Array][] = [
    ['a fan that is switched on', Float32Array.from({ length: 48_000 }, () => noise() * db(-35))],
    ['typing', Float32Array.from({ length: 48_000 }, (_, i) => i % 3600 < 24 * 8 ? noise() * 0.4 * Math.exp(-(i % 3600) / 60) : 0)],
    ['a cough without a voice', Float32Array.from({ length: 24 * 250 }, (_, i) => noise() * 0.4 * Math.exp(-i / (24 * 60)))],
  ]
  it.each(sounds)('is not noticed: %s', (_what, sound) => {
    expect(listen(room(-65, sound)).every(ms => ms === 0)).toBe(true)
  })

  it.each([1, 2])('is not confirmed when it is a cough of %i bursts, voiced at its end', bursts => {
    const speech = listen(room(-65, at24k(cough(bursts))))
    process.stdout.write(`cough of ${bursts}: ${speech.reduce((sum, ms) => sum + ms, 0)} ms taken for speech\n`)
    expect(confirmedMs(speech, 400, 600)).toBe(Infinity)
  })

  it('is not confirmed when it is a door', () => {
    const door = Float32Array.from({ length: 24 * 300 }, (_, i) => 0.6 * Math.sin(2 * Math.PI * 80 * i / 24_000) * Math.exp(-i / (24 * 50)))
    expect(confirmedMs(listen(room(-65, door)), 400, 600)).toBe(Infinity)
  })

  it('stops being noticed when it is a hum that stays', () => {
    const hum = Float32Array.from({ length: 24_000 * 6 }, (_, i) => 0.05 * Math.sin(2 * Math.PI * 100 * i / 24_000))
    expect(listen(room(-65, hum, 0, 0)).slice(50).every(ms => ms === 0)).toBe(true)
  })

  it('is digital silence', () => {
    expect(listen(new Int16Array(48_000)).every(ms => ms === 0)).toBe(true)
  })
})
