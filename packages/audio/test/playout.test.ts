import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createPlayout, floatToPcm16, type PlayoutReport } from '@kaiwa/audio'
import { signalToNoise, tone } from './tone.ts'

const QUANTUM = 128
const speech = (ms: number, frequency = 400) => floatToPcm16(tone(frequency, 24_000, 24 * ms, 0.5))

/** A playout whose quanta are pulled by hand; keeps what it played and reported. */
function device(contextRate = 48_000, maxBacklogMs?: number) {
  const reports: PlayoutReport[] = []
  const played: number[] = []
  const playout = createPlayout({ contextRate, maxBacklogMs }, report => reports.push(report))
  const output = new Float32Array(QUANTUM)
  function render(ms: number) {
    for (let frames = ms * contextRate / 1000; frames > 0; frames -= QUANTUM) {
      playout.process(output)
      played.push(...output)
    }
  }
  return { reports, played, render, playout, play: (segmentId: string, samples: Int16Array) => playout.receive({ type: 'play', segmentId, samples }), end: (segmentId: string) => playout.receive({ type: 'end', segmentId }) }
}

const ofType = <T extends PlayoutReport['type']>(reports: PlayoutReport[], type: T) => reports.filter((report): report is Extract<PlayoutReport, { type: T }> => report.type === type)
const largestStep = (samples: number[]) => samples.reduce((largest, sample, i) => Math.max(largest, Math.abs(sample - (samples[i - 1] ?? 0))), 0)
/** A 400 Hz tone at half scale moves this much from one sample to the next. */
const ownStep = (contextRate: number) => 0.5 * 2 * Math.PI * 400 / contextRate

describe('playout', () => {
  it.each([24_000, 44_100, 48_000, 96_000])('plays a segment sample for sample at %d Hz, whatever the pieces', contextRate => {
    fc.assert(fc.property(fc.array(fc.integer({ min: 1, max: 9000 }), { minLength: 1, maxLength: 6 }), sizes => {
      const { play, end, render, played, reports } = device(contextRate)
      const samples = speech(600)
      for (let at = 0, turn = 0; at < samples.length; turn++) {
        const size = sizes[turn % sizes.length]!
        play('a', samples.subarray(at, at + size))
        at += size
      }
      end('a')
      render(700)
      const fade = Math.ceil(contextRate * 0.005)
      expect(signalToNoise(Float32Array.from(played).subarray(0, contextRate * 0.6), tone(400, contextRate, contextRate * 0.6), fade)).toBeGreaterThan(75)
      expect(reports.at(-1)).toEqual({ type: 'finished', segmentId: 'a', playedSamples: samples.length })
      expect(ofType(reports, 'underrun')).toEqual([])
    }), { numRuns: 8 })
  })

  it('plays segments in a row without a gap: their seam can not be heard', () => {
    const { play, end, render, played, reports } = device()
    const whole = speech(800)
    play('a', whole.subarray(0, 9601))
    end('a')
    play('b', whole.subarray(9601))
    end('b')
    render(900)
    expect(signalToNoise(Float32Array.from(played).subarray(0, 38_400), tone(400, 48_000, 38_400), 250)).toBeGreaterThan(75)
    expect(ofType(reports, 'finished').map(report => [report.segmentId, report.playedSamples])).toEqual([['a', 9601], ['b', 9599]])
  })

  it('goes on at the next sample after an underrun, fading on both sides, and counts nothing twice', () => {
    const { play, end, render, played, reports } = device()
    const whole = speech(600)
    play('a', whole.subarray(0, 7200))
    render(600)
    const [starved] = ofType(reports, 'underrun')
    expect(starved!.playedSamples).toBeGreaterThan(7200 - 40)
    expect(starved!.playedSamples).toBeLessThanOrEqual(7200)
    play('a', whole.subarray(7200))
    end('a')
    render(600)
    expect(reports.at(-1)).toEqual({ type: 'finished', segmentId: 'a', playedSamples: 14_400 })
    expect(largestStep(played)).toBeLessThan(ownStep(48_000) * 1.2)
    const sounding = played.filter(sample => sample !== 0).length
    expect(Math.abs(sounding - 28_800)).toBeLessThan(60)
  })

  it('reports the position at once and then every 50 ms, never beyond what has left', () => {
    const { play, render, reports, played } = device()
    play('a', speech(1000))
    for (let i = 0; i < 200; i++) {
      render(QUANTUM / 48)
      const last = ofType(reports, 'position').at(-1)
      if (last) expect(last.playedSamples).toBeLessThanOrEqual(played.length / 2)
    }
    const positions = ofType(reports, 'position')
    expect(positions.length).toBeGreaterThanOrEqual(10)
    expect(positions[0]!.playedSamples).toBe(64)
  })

  it('falls silent within 4 ms of a cut, without a click, and tells what was played to the sample', () => {
    const { playout, play, render, played, reports } = device()
    play('a', speech(2000))
    play('b', speech(500))
    render(500)
    const cutAt = played.length
    playout.receive({ type: 'clear', requestId: 7 })
    render(100)
    expect(reports.at(-1)).toEqual({ type: 'cleared', requestId: 7, segmentId: 'a', playedSamples: Math.floor(cutAt / 2), dropped: ['b'], silentMs: 0 })
    expect(played.slice(cutAt + 192).every(sample => sample === 0)).toBe(true)
    expect(largestStep(played)).toBeLessThan(ownStep(48_000) * 1.2)
  })

  it.each(['gave way', 'had no samples'] as const)('tells with a cut for how long nothing had left because it %s', why => {
    const { playout, play, render, played, reports } = device()
    play('a', speech(why === 'gave way' ? 2000 : 500))
    render(450)
    if (why === 'gave way') playout.receive({ type: 'duck' })
    render(600)
    const silentMs = (played.length - played.findLastIndex(sample => sample !== 0)) / 48
    playout.receive({ type: 'clear', requestId: 1 })
    expect(silentMs).toBeGreaterThan(200)
    expect(Math.abs(ofType(reports, 'cleared')[0]!.silentMs - silentMs)).toBeLessThan(3)
  })

  it('plays the next segment from its first sample after a cut', () => {
    const { playout, play, end, render, reports } = device(44_100)
    play('a', speech(2000))
    render(300)
    playout.receive({ type: 'clear', requestId: 1 })
    play('b', speech(300))
    end('b')
    render(400)
    expect(ofType(reports, 'finished')).toEqual([{ type: 'finished', segmentId: 'b', playedSamples: 7200 }])
  })

  it('answers a cut while nothing sounds', () => {
    const { playout, reports } = device()
    playout.receive({ type: 'clear', requestId: 1 })
    expect(reports).toEqual([{ type: 'cleared', requestId: 1, segmentId: undefined, playedSamples: 0, dropped: [], silentMs: 0 }])
  })

  it('says of a segment that was waiting to start that nothing of it was played', () => {
    const { playout, play, reports, render } = device()
    play('a', speech(20))
    render(10)
    playout.receive({ type: 'clear', requestId: 1 })
    expect(reports.at(-1)).toMatchObject({ type: 'cleared', requestId: 1, segmentId: 'a', playedSamples: 0, dropped: [] })
  })

  it('keeps ten minutes and refuses what is newer, aloud', () => {
    const { play, reports } = device(48_000, 1000)
    play('a', speech(900))
    play('a', speech(200))
    expect(reports).toEqual([{ type: 'refused', segmentId: 'a', samples: 2400, why: 'full' }])
  })

  it('refuses samples of a segment that ended or was followed by another', () => {
    const { play, end, reports } = device()
    play('a', speech(100))
    end('a')
    play('a', speech(10))
    play('b', speech(100))
    play('a', speech(10))
    expect(reports.map(report => report.type === 'refused' && report.why)).toEqual(['late', 'late'])
  })

  it('finishes a starved segment when its end comes late', () => {
    const { play, end, render, reports } = device()
    play('a', speech(100))
    render(500)
    expect(ofType(reports, 'finished')).toEqual([])
    end('a')
    render(20)
    expect(ofType(reports, 'finished')).toEqual([{ type: 'finished', segmentId: 'a', playedSamples: 2400 }])
  })

  it('plays exactly what it was given under any order of commands and any pace: nothing twice, nothing beyond what was received', () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant('play' as const), ms: fc.integer({ min: 1, max: 300 }) }),
      fc.record({ do: fc.constant('render' as const), ms: fc.integer({ min: 1, max: 300 }) }),
      fc.record({ do: fc.constant('end' as const), ms: fc.constant(0) }),
      fc.record({ do: fc.constant('clear' as const), ms: fc.constant(0) }),
    )
    const endless = speech(8000)
    fc.assert(fc.property(fc.constantFrom(24_000, 44_100, 48_000), fc.array(step, { maxLength: 25 }), (contextRate, steps) => {
      const { playout, play, end, render, reports, played } = device(contextRate)
      const received = new Map<string, number>()
      let segment = 0
      let at = 0
      for (const [i, { do: what, ms }] of steps.entries()) {
        const id = `s${segment}`
        if (what === 'play') {
          play(id, endless.subarray(at, at += ms * 24))
          received.set(id, (received.get(id) ?? 0) + ms * 24)
        } else if (what === 'end') {
          end(id)
          segment++
        } else if (what === 'clear') {
          playout.receive({ type: 'clear', requestId: i })
          segment++
        } else {
          render(ms)
        }
      }
      end(`s${segment}`)
      render(7000)
      for (const report of reports) {
        if ('playedSamples' in report && report.segmentId !== undefined) expect(report.playedSamples).toBeLessThanOrEqual(received.get(report.segmentId)!)
        if (report.type === 'finished') expect(report.playedSamples).toBe(received.get(report.segmentId))
        expect(report.type).not.toBe('refused')
      }
      const done = new Set(reports.flatMap(report => report.type === 'finished' ? [report.segmentId] : report.type === 'cleared' ? [report.segmentId, ...report.dropped] : []))
      for (const id of received.keys()) expect(done.has(id)).toBe(true)
      expect(largestStep(played)).toBeLessThan(ownStep(contextRate) * 1.3)
    }), { numRuns: 80 })
  })
})

describe('playout under jitter', () => {
  /** Pieces of 200 ms sent at `pace` times real time, each up to `jitterMs` late but in order, as TCP delivers. */
  function answer(playing: ReturnType<typeof device>, id: string, pace: number, jitterMs: number, lateness: (piece: number) => number) {
    const begin = playing.played.length / 48
    let at = 0
    for (let piece = 0; piece < 20; piece++) {
      at = Math.max(at, piece * 200 / pace + lateness(piece) * jitterMs)
      playing.render(Math.max(0, begin + at - playing.played.length / 48))
      playing.play(id, speech(200))
    }
    playing.end(id)
    playing.render(6000)
  }

  it('starves never while pieces come up to 190 ms late, from real time to eight times as fast', () => {
    const lateness = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 20, maxLength: 20 })
    fc.assert(fc.property(fc.double({ min: 1, max: 8, noNaN: true }), lateness, (pace, late) => {
      const playing = device()
      answer(playing, 'a', pace, 190, piece => late[piece]!)
      expect(ofType(playing.reports, 'underrun')).toEqual([])
    }), { numRuns: 15 })
  })

  it('starts within 250 ms, sooner once the line proves calm, later again after it was not', () => {
    const playing = device()
    const startOf = (id: string, jitterMs: number) => {
      const before = playing.played.length
      answer(playing, id, 1.1, jitterMs, piece => piece % 2)
      return playing.played.slice(before).findIndex(sample => sample !== 0) / 48
    }
    const calm = ['a', 'b', 'c', 'd', 'e'].map(id => startOf(id, 0))
    expect(calm[0]).toBeLessThan(250)
    expect(calm[1]).toBeLessThan(calm[0]!)
    expect(calm[4]).toBeLessThan(60)
    startOf('f', 180)
    expect(startOf('g', 0)).toBeGreaterThan(100)
    expect(startOf('h', 0)).toBeLessThan(250)
  })
})
