import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { stepTurn, turnDetectorDefaults } from '../src/turn-detector.ts'
import type { Turn, TurnDetectorOptions, TurnEffect } from '../src/turn-detector.ts'

const options: TurnDetectorOptions = { ...turnDetectorDefaults, threshold: 0.5, prefixMs: 300, silenceMs: 500 }
const FRAME_MS = 32

/** Runs frames of one probability each through the detector. */
function run(probabilities: number[], given: Partial<TurnDetectorOptions> = {}): TurnEffect[] {
  let turn: Turn = { phase: 'listening' }
  return probabilities.flatMap((probability, index) => {
    const [next, effect] = stepTurn(turn, { probability, startMs: index * FRAME_MS, endMs: (index + 1) * FRAME_MS }, { ...options, ...given })
    turn = next
    return effect ? [effect] : []
  })
}
const frames = (ms: number, probability: number) => Array<number>(Math.round(ms / FRAME_MS)).fill(probability)

describe('turn detector', () => {
  it('tells the start with the prefix, and the end with the silence', () => {
    const effects = run([...frames(960, 0), ...frames(640, 0.9), ...frames(960, 0)])
    expect(effects).toEqual([
      { type: 'speech_started', audioStartMs: 660 },
      { type: 'speech_stopped', audioStartMs: 660, audioEndMs: 1600 + 512 },
    ])
  })

  it('never starts before the audio does', () => {
    expect(run([...frames(640, 0.9)])[0]).toEqual({ type: 'speech_started', audioStartMs: 0 })
  })

  it('takes a click for a click', () => {
    expect(run([...frames(320, 0), 0.99, 0.99, ...frames(960, 0)])).toEqual([])
  })

  it('bridges a pause that is shorter than the silence it needs', () => {
    const effects = run([...frames(640, 0.9), ...frames(416, 0), ...frames(640, 0.9), ...frames(960, 0)])
    expect(effects.map(effect => effect.type)).toEqual(['speech_started', 'speech_stopped'])
  })

  it('holds on through a voice that fades a little below the threshold', () => {
    expect(run([...frames(640, 0.9), ...frames(960, 0.4)]).map(effect => effect.type)).toEqual(['speech_started'])
  })

  it('takes the threshold from the session', () => {
    expect(run(frames(960, 0.6), { threshold: 0.8 })).toEqual([])
    expect(run(frames(960, 0.6), { threshold: 0.5 })).toHaveLength(1)
    expect(run(frames(960, 0), { threshold: 0 })).toHaveLength(1)
  })

  it('ends a turn that never ends', () => {
    const effects = run(frames(4000, 0.9), { maxTurnMs: 1000 })
    expect(effects.map(effect => effect.type).slice(0, 3)).toEqual(['speech_started', 'speech_stopped', 'speech_started'])
  })

  it('alternates start and stop, forward in time, whatever it hears', () => {
    const anySound = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 400 })
    fc.assert(fc.property(anySound, fc.integer({ min: 0, max: 1000 }), (probabilities, silenceMs) => {
      const effects = run(probabilities, { silenceMs })
      effects.forEach((effect, index) => {
        expect(effect.type).toBe(index % 2 === 0 ? 'speech_started' : 'speech_stopped')
        if (effect.type === 'speech_stopped') expect(effect.audioEndMs).toBeGreaterThan(effect.audioStartMs)
      })
    }))
  })
})
