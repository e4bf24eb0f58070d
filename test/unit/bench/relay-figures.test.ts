import { describe, expect, it } from 'vitest'
import { compare } from '../../../bench/relay/figures.ts'
import { goals, verdict } from '../../../bench/relay/goals.ts'
import { readOptions } from '../../../bench/relay/options.ts'
import type { PeerName } from '../../../bench/relay/peers.ts'
import type { RunFigures } from '../../../bench/relay/run.ts'

const figures = (peer: PeerName, change: Partial<RunFigures> = {}): RunFigures => ({
  peer, callers: 200, refused: {}, cpuMsPerSessionMinute: 10, cpuShare: 0.1, upP50Ms: 0.1, upP99Ms: 2, downP50Ms: 0.1, downP99Ms: 2,
  loopP99Ms: 1, kbPerSession: 50, lostEvents: 0, lostCalls: {}, endsLimited: undefined, ...change,
})
const kaiwaOf = (rounds: RunFigures[][]) => compare({ callers: 200, frameMs: 100, rounds }).find(one => one.peer === 'kaiwa')!

describe('what the bench of the relay compares', () => {
  it('is CPU within a round, so that a slow round is slow for both', () => {
    const round = (slowness: number) => [figures('nginx', { cpuMsPerSessionMinute: 10 * slowness }), figures('kaiwa', { cpuMsPerSessionMinute: 20 * slowness })]
    expect(kaiwaOf([round(1), round(7), round(2)]).timesNginx).toBe(2)
  })

  it('is latency beyond nothing between, in the worse way of the two', () => {
    const rounds = [[figures('direct'), figures('kaiwa', { upP50Ms: 0.2, downP50Ms: 0.35, upP99Ms: 4, downP99Ms: 3 })]]
    expect(kaiwaOf(rounds).addedP50Ms).toBeCloseTo(0.25)
    expect(kaiwaOf(rounds).addedP99Ms).toBeCloseTo(2)
  })

  it('takes memory from the first round, and adds up what was lost in all', () => {
    const rounds = [[figures('kaiwa', { kbPerSession: 90, lostCalls: { 1006: 2 } })], [figures('kaiwa', { kbPerSession: 10, lostEvents: 3 })]]
    expect(kaiwaOf(rounds)).toMatchObject({ kbPerSession: 90, lostCalls: 2, lostEvents: 3, timesNginx: undefined })
  })
})

describe('a goal', () => {
  it.each([[1.7, 'met, both'], [2.5, 'met, the first'], [2.6, 'not met'], [undefined, 'not measured']])('judges %s as %s', (value, words) => {
    expect(verdict(goals.cpu200, value)).toBe(words)
  })

  it('may be a least', () => expect([1400, 1500, 2000].map(sessions => verdict(goals.capacity, sessions))).toEqual(['not met', 'met, the first', 'met, both']))
})

describe('its options', () => {
  it('are refused with a sentence when they are not what they take', () => {
    expect(() => readOptions(['--n', '200,many'])).toThrow('--n takes whole numbers above 0; not many.')
    expect(() => readOptions(['--only', 'kaiwa,caddy'])).toThrow('not caddy')
  })
})
