import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import type { Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createResampler, floatToPcm16, pcm16ToBytes, pcm16ToFloat, rms } from '@kaiwa/audio'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { launchChromium } from '../fakes/chromium.ts'
import { padded, readWav, writeWav, type Recording } from '../fakes/wav.ts'
import type { AudioPage, PlaybackStep } from './harness/audio-page.ts'
import { servePage } from './harness/serve-page.ts'

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url))
const bytesOf = (base64: string) => Uint8Array.from(Buffer.from(base64, 'base64')).buffer

let recording: Recording
let folder: string
let browser: Browser
let server: Server
let page: Page
const complaints: string[] = []

beforeAll(async () => {
  recording = readWav(await readFile(path('../fixtures/speech/go-forward.wav')))
  folder = await mkdtemp(join(tmpdir(), 'kaiwa-audio-'))
  const microphoneWav = join(folder, 'microphone.wav')
  await writeFile(microphoneWav, writeWav(padded(recording, 700, 3000)))
  const served = await servePage(path('./harness/audio-page.ts'))
  server = served.server
  browser = await launchChromium({ microphoneWav })
  page = await browser.newPage()
  page.on('console', message => { if (message.type() === 'error') complaints.push(`${message.text()} ${message.location().url}`) })
  page.on('pageerror', error => complaints.push(error.message))
  await page.goto(served.url)
  await page.click('button')
})

afterAll(async () => {
  await browser?.close()
  server?.close()
  if (folder) await rm(folder, { recursive: true })
})

/** The browser resamples too, so the recording may arrive a fraction of a sample late: these many fractions are tried. */
const FRACTIONS = 16

/** The recording at 24 kHz, each version 1/16 of a sample later than the last. */
function shifted(): Float32Array[] {
  const fine = createResampler({ inputRate: recording.sampleRate, outputRate: 24_000 * FRACTIONS }).process(pcm16ToFloat(recording.samples))
  const length = Math.floor(fine.length / FRACTIONS) - 1
  return Array.from({ length: FRACTIONS }, (_, fraction) => Float32Array.from({ length }, (_, i) => fine[i * FRACTIONS + FRACTIONS - fraction]!))
}

/** Where in `heard` the recording lies, and the version of it that fits best. */
function align(heard: Float32Array): { expected: Float32Array, offset: number } {
  const versions = shifted()
  const offsets = Array.from({ length: Math.floor((heard.length - versions[0]!.length) / 3) }, (_, i) => 3 * i)
  const middle = Math.floor(versions[0]!.length / 2)
  const fit = (expected: Float32Array, offset: number) => agreement(heard, expected, offset, middle, middle + 3000)
  const coarse = largest(offsets, offset => fit(versions[0]!, offset))
  const near = versions.flatMap(expected => [-3, -2, -1, 0, 1, 2, 3].map(shift => ({ expected, offset: coarse + shift })))
  return largest(near, ({ expected, offset }) => fit(expected, offset))
}

function largest<T>(candidates: T[], score: (candidate: T) => number): T {
  return candidates.map(candidate => ({ candidate, score: score(candidate) })).reduce((best, next) => next.score > best.score ? next : best).candidate
}

/** Signal to noise in dB of `heard` from `offset` on, after the best gain (a microphone's processing may change the level). */
function agreement(heard: Float32Array, expected: Float32Array, offset: number, from = 0, to = expected.length): number {
  let product = 0
  let own = 0
  let total = 0
  for (let i = from; i < to; i++) {
    const sample = heard[offset + i] ?? 0
    product += sample * expected[i]!
    own += expected[i]! ** 2
    total += sample ** 2
  }
  const explained = product * product / own
  return 10 * Math.log10(explained / Math.max(total - explained, 1e-12))
}

/** Whether the frames are, to the bit, the browser's quanta from one of them on: nothing lost, nothing doubled. */
function isWholeStream(heard: Int16Array, quanta: Float32Array, contextRate: number): boolean {
  for (let skipped = 0; skipped < 200; skipped++) {
    const resampled = createResampler({ inputRate: contextRate, outputRate: 24_000 }).process(quanta.subarray(skipped * 128))
    const length = Math.min(heard.length, resampled.length)
    if (length < heard.length * 0.9) return false
    const expected = floatToPcm16(resampled)
    let same = 0
    while (same < length && expected[same] === heard[same]) same++
    if (same === length) return true
  }
  return false
}

describe('the microphone in a real browser', () => {
  const capture = (ms: number, raw: boolean) => page.evaluate(
    ([length, plain]) => (globalThis as unknown as { audioPage: AudioPage }).audioPage.capture(length, plain), [ms, raw] as const)

  it('arrives at 24 kHz in frames of 40 ms, to the bit what the browser hands over, and that is the recording', async () => {
    let worst = -Infinity
    // A loaded machine makes the browser lose audio before we see it: then the recording is played again.
    for (let attempt = 0; attempt < 3 && worst < 15; attempt++) {
      const captured = await capture(3600, true)
      expect(captured.firsts).toEqual(captured.firsts.map((_, i) => i * 960))
      expect(captured.firsts.length).toBeGreaterThan(80)
      const samples = new Int16Array(bytesOf(captured.samples))
      expect(samples.length).toBe(captured.firsts.length * 960)
      expect(isWholeStream(samples, new Float32Array(bytesOf(captured.tapped)), captured.contextRate)).toBe(true)
      const heard = pcm16ToFloat(samples)
      const { expected, offset } = align(heard)
      // A gap would move what follows it: each quarter has to agree at the same place.
      const quarters = [0, 1, 2, 3].map(i => agreement(heard, expected, offset, Math.floor(expected.length * i / 4), Math.floor(expected.length * (i + 1) / 4)))
      console.info(`capture: context ${captured.contextRate} Hz, ${captured.firsts.length} frames, ${quarters.map(db => db.toFixed(1)).join(' / ')} dB`)
      worst = Math.min(...quarters)
    }
    expect(worst).toBeGreaterThan(15)
  })

  it('arrives without gaps with the browser\'s own processing on, as people use it', async () => {
    const captured = await capture(2500, false)
    expect(captured.firsts).toEqual(captured.firsts.map((_, i) => i * 960))
    const samples = new Int16Array(bytesOf(captured.samples))
    expect(rms(samples, 24_000)).toBeGreaterThan(0.005)
    expect(isWholeStream(samples, new Float32Array(bytesOf(captured.tapped)), captured.contextRate)).toBe(true)
  })
})

describe('the player in a real browser', () => {
  /** 3 s of a tone that swells and falls: any gap, overlap or click changes it. */
  const swell = (i: number) => 0.7 + 0.3 * Math.sin(i / 5000)
  const voice = floatToPcm16(Float32Array.from({ length: 24_000 * 3 }, (_, i) => 0.5 * swell(i) * Math.sin(2 * Math.PI * 300 * i / 24_000)))
  const play = (steps: PlaybackStep[], lengthMs: number) => page.evaluate(
    ([samples, schedule, length]) => (globalThis as unknown as { audioPage: AudioPage }).audioPage.playback(samples, schedule, length),
    [Buffer.from(pcm16ToBytes(voice)).toString('base64'), steps, lengthMs] as const,
  )
  const soundingFrom = (tapped: Float32Array) => tapped.findIndex(sample => sample !== 0)
  const soundingTo = (tapped: Float32Array) => tapped.findLastIndex(sample => sample !== 0) + 1

  it.each([
    ['20 ms', 480, 15],
    ['uneven', 4801, 150],
    ['all at once', 72_000, 0],
  ])('plays every sample once, in order, two segments in a row, in pieces: %s', async (_, pieceSamples, everyMs) => {
    const steps: PlaybackStep[] = []
    const seam = 31_111
    for (const [segmentId, from, to] of [['a', 0, seam], ['b', seam, voice.length]] as const) {
      for (let sample: number = from; sample < to; sample += pieceSamples) {
        steps.push({ atMs: steps.length * everyMs, do: 'play', segmentId, from: sample, to: Math.min(to, sample + pieceSamples) })
      }
      steps.push({ atMs: steps.length * everyMs, do: 'end', segmentId })
    }
    const result = await play(steps, 3600)
    const tapped = new Float32Array(bytesOf(result.tapped))
    const begin = soundingFrom(tapped)
    const expected = createResampler({ inputRate: 24_000, outputRate: result.contextRate }).process(pcm16ToFloat(voice))
    const length = soundingTo(tapped) - begin
    expect(Math.abs(length - voice.length * result.contextRate / 24_000)).toBeLessThan(10)
    // The first sample may be 0 itself; the fades are 4 ms.
    const offset = begin - expected.findIndex(sample => sample !== 0)
    const fade = Math.ceil(result.contextRate * 0.005)
    let worst = 0
    for (let i = fade; i < expected.length - fade; i++) worst = Math.max(worst, Math.abs(tapped[offset + i]! - expected[i]!))
    console.info(`playback in ${pieceSamples}: largest difference ${(20 * Math.log10(worst + 1e-9)).toFixed(1)} dB`)
    expect(20 * Math.log10(worst + 1e-9)).toBeLessThan(-60)
    expect(result.silent).toEqual(['a', 'b'])
  })

  it('falls silent at once, without a click, and tells what was heard', async () => {
    const result = await play([
      { atMs: 0, do: 'play', segmentId: 'a', from: 0, to: voice.length },
      { atMs: 20, do: 'play', segmentId: 'b', from: 0, to: voice.length },
      { atMs: 1500, do: 'interrupt', segmentId: 'a' },
      { atMs: 1510, do: 'play', segmentId: 'a', from: 0, to: 24_000 },
    ], 2500)
    const tapped = new Float32Array(bytesOf(result.tapped))
    const soundedMs = (soundingTo(tapped) - soundingFrom(tapped)) * 1000 / result.contextRate
    const afterMs = (soundingTo(tapped) - result.interruptedAtFrame) * 1000 / result.contextRate
    const { heardMs, dropped } = result.interruption!
    console.info(`interrupt: sounded ${soundedMs.toFixed(1)} ms, heard ${heardMs} ms, latency ${result.latencyMs.toFixed(1)} ms, silent ${afterMs.toFixed(1)} ms after`)
    expect(afterMs).toBeLessThan(50)
    expect(heardMs).toBeLessThanOrEqual(soundedMs)
    expect(heardMs).toBeGreaterThan(soundedMs - result.latencyMs - 20)
    expect(dropped).toEqual(['b'])
    let step = 0
    for (let i = 1; i < tapped.length; i++) step = Math.max(step, Math.abs(tapped[i]! - tapped[i - 1]!))
    // The tone's own largest step, and nothing like a click (−40 dB) on top of it.
    expect(step).toBeLessThan(0.5 * 2 * Math.PI * 300 / result.contextRate + 0.01)
  })

  it('goes on after a stall, each sample once, with a fade on both sides', async () => {
    const result = await play([
      { atMs: 0, do: 'play', segmentId: 'a', from: 0, to: 12_000 },
      { atMs: 1100, do: 'play', segmentId: 'a', from: 12_000, to: 24_000 },
      { atMs: 1100, do: 'end', segmentId: 'a' },
    ], 2000)
    const tapped = new Float32Array(bytesOf(result.tapped))
    const sounding = tapped.reduce((count, sample) => count + (sample === 0 ? 0 : 1), 0)
    expect(Math.abs(sounding - result.contextRate)).toBeLessThan(result.contextRate * 0.005)
    expect(result.silent).toEqual(['a'])
    let step = 0
    for (let i = 1; i < tapped.length; i++) step = Math.max(step, Math.abs(tapped[i]! - tapped[i - 1]!))
    expect(step).toBeLessThan(0.5 * 2 * Math.PI * 300 / result.contextRate + 0.01)
  })

  it('complained about nothing', () => {
    expect(complaints).toEqual([])
  })
})
