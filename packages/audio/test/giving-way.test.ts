import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createPlayout, DUCKED_LEVEL, DUCKED_MS, floatToPcm16, type PlayoutReport } from '@kaiwa/audio'
import { tone } from './tone.ts'

const RATE = 48_000
const QUANTUM = 128
const ms = (samples: number) => samples * 1000 / RATE

function device() {
  const reports: PlayoutReport[] = []
  const played: number[] = []
  const playout = createPlayout({ contextRate: RATE }, report => reports.push({ ...report }))
  const output = new Float32Array(QUANTUM)
  return {
    reports, played,
    send: playout.receive,
    render(durationMs: number) {
      for (let frames = durationMs * RATE / 1000; frames > 0; frames -= QUANTUM) {
        playout.process(output)
        played.push(...output)
      }
    },
    speak(durationMs: number) {
      playout.receive({ type: 'play', segmentId: 'a', samples: floatToPcm16(tone(400, 24_000, 24 * durationMs, 0.5)) })
      playout.receive({ type: 'end', segmentId: 'a' })
    },
    heardMs: () => Math.max(0, ...reports.map(report => 'playedSamples' in report ? report.playedSamples / 24 : 0)),
  }
}

const loudest = (samples: readonly number[]) => samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0)
const largestStep = (samples: readonly number[]) => samples.reduce((most, sample, i) => Math.max(most, Math.abs(sample - (samples[i - 1] ?? 0))), 0)
const ownStep = 0.5 * 2 * Math.PI * 400 / RATE
const at = (timeMs: number) => Math.round(timeMs * RATE / 1000)

describe('a voice that gives way', () => {
  it('is quiet within 15 ms, waits after a syllable, and counts nothing as heard meanwhile', () => {
    const { send, speak, render, played, heardMs } = device()
    speak(3000)
    render(500)
    send({ type: 'duck' })
    render(1000)
    expect(loudest(played.slice(at(515), at(500 + DUCKED_MS - 5)))).toBeCloseTo(0.5 * DUCKED_LEVEL, 2)
    expect(played.slice(at(500 + DUCKED_MS + 20), at(1500)).every(sample => sample === 0)).toBe(true)
    expect(heardMs()).toBeLessThanOrEqual(500 + DUCKED_MS + 20)
  })

  it('goes on at the very next sample, at its full level, without a click', () => {
    const { send, speak, render, played, reports } = device()
    speak(2000)
    render(500)
    send({ type: 'duck' })
    render(900)
    send({ type: 'unduck' })
    render(3000)
    const silentFrom = at(500 + DUCKED_MS + 25)
    const resumes = played.findIndex((sample, i) => i > silentFrom && sample !== 0)
    expect(loudest(played.slice(resumes + at(40), resumes + at(400)))).toBeGreaterThan(0.49)
    expect(largestStep(played)).toBeLessThan(ownStep * 1.1)
    expect(reports.at(-1)).toEqual({ type: 'finished', segmentId: 'a', playedSamples: 48_000 })
    // A tone that lost or repeated samples would be out of phase with itself.
    const heldMs = ms(resumes) - (500 + DUCKED_MS)
    const end = played.findLastIndex(sample => sample !== 0)
    expect(ms(end) - heldMs).toBeGreaterThan(1990)
    expect(ms(end) - heldMs).toBeLessThan(2025)
  })

  it('loses and repeats nothing, however often it gives way and comes back', () => {
    fc.assert(fc.property(fc.array(fc.tuple(fc.integer({ min: 0, max: 400 }), fc.integer({ min: 0, max: 600 })), { maxLength: 6 }), moves => {
      const { send, speak, render, played, reports } = device()
      speak(1500)
      for (const [openMs, duckedMs] of moves) {
        render(openMs)
        send({ type: 'duck' })
        render(duckedMs)
        send({ type: 'unduck' })
      }
      render(3000)
      expect(reports.filter(({ type }) => type === 'finished')).toEqual([{ type: 'finished', segmentId: 'a', playedSamples: 36_000 }])
      expect(reports.some(({ type }) => type === 'underrun')).toBe(false)
      expect(largestStep(played)).toBeLessThan(ownStep * 1.1)
    }), { numRuns: 30 })
  })

  it('is cut where it waited, and the next answer has its full level', () => {
    const { send, speak, render, played, reports } = device()
    speak(3000)
    render(500)
    send({ type: 'duck' })
    render(600)
    send({ type: 'clear', requestId: 1 })
    const cut = reports.at(-1)!
    expect(cut).toMatchObject({ type: 'cleared', segmentId: 'a' })
    expect('playedSamples' in cut && cut.playedSamples / 24).toBeLessThanOrEqual(500 + DUCKED_MS + 20)
    const from = played.length
    render(100)
    expect(loudest(played.slice(from))).toBe(0)
    send({ type: 'play', segmentId: 'b', samples: floatToPcm16(tone(400, 24_000, 24_000, 0.5)) })
    send({ type: 'end', segmentId: 'b' })
    render(300)
    expect(loudest(played.slice(-at(100)))).toBeGreaterThan(0.49)
  })

  it('fades from where it was when it is cut while still quiet', () => {
    const { send, speak, render, played } = device()
    speak(3000)
    render(500)
    send({ type: 'duck' })
    render(100)
    send({ type: 'clear', requestId: 1 })
    render(100)
    expect(largestStep(played.slice(at(560)))).toBeLessThan(ownStep * DUCKED_LEVEL * 2)
  })

  it('begins no answer while it waits', () => {
    const { send, speak, render, played } = device()
    send({ type: 'duck' })
    render(400)
    speak(500)
    render(500)
    expect(loudest(played)).toBe(0)
    send({ type: 'unduck' })
    render(900)
    expect(loudest(played)).toBeGreaterThan(0.49)
  })
})
