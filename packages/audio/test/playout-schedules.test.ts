import { describe, expect, it } from 'vitest'
import { createPlayout, type PlayoutReport } from '@kaiwa/audio'

/** Answers by the schedules of real lines, through the whole of playout, and every block of 20 ms found again in what left the device. */

const CONTEXT_RATE = 48_000
const RATE = 24_000
const QUANTUM = 128
const PIECE_MS = 100
const FADE_MS = 5

/** No two blocks of it are alike, it is never 0, and it moves less from sample to sample than a click does. */
const signal = (seconds: number) => 0.2 + 0.05 * Math.sin(2 * Math.PI * 61.7 * seconds) + 0.05 * Math.sin(2 * Math.PI * 97.3 * seconds + seconds * seconds)

interface Answer { arrivalsMs: number[], startedMs: number, starved: { events: number, ms: number } }

/** A device that plays answers one after the other; the signal goes on through all of them. */
function device() {
  const reports: PlayoutReport[] = []
  const output: number[] = []
  const playout = createPlayout({ contextRate: CONTEXT_RATE }, report => reports.push(report))
  const quantum = new Float32Array(QUANTUM)
  let given = 0
  let answers = 0
  const nowMs = () => output.length * 1000 / CONTEXT_RATE
  const until = (ms: number) => {
    while (nowMs() < ms) {
      playout.process(quantum)
      output.push(...quantum)
    }
  }
  const piece = (ms: number) => Int16Array.from({ length: ms * RATE / 1000 }, () => Math.round(signal(given++ / RATE) * 32_768))

  /** @param schedule when each piece arrives, ms after the answer's begin, in order */
  function answer(schedule: readonly number[], id = `s${answers++}`): Answer {
    const beginMs = nowMs() + 50
    const from = output.length
    const before = reports.length
    for (const atMs of schedule) {
      until(beginMs + atMs)
      playout.receive({ type: 'play', segmentId: id, samples: piece(PIECE_MS) })
    }
    playout.receive({ type: 'end', segmentId: id })
    while (!reports.slice(before).some(report => report.type === 'finished' && report.segmentId === id)) until(nowMs() + 10)
    const sound = output.slice(from)
    const first = sound.findIndex(sample => sample !== 0)
    const silentFrames = sound.slice(first, sound.findLastIndex(sample => sample !== 0)).filter(sample => sample === 0).length
    const events = reports.slice(before).filter(({ type }) => type === 'underrun').length
    const arrivalsMs = schedule.map(ms => beginMs + ms)
    return { arrivalsMs, startedMs: (from + first) * 1000 / CONTEXT_RATE, starved: { events, ms: silentFrames * 1000 / CONTEXT_RATE } }
  }
  return { answer, output, reports, get givenFrames() { return given * CONTEXT_RATE / RATE } }
}

/** Stretches of sound: the signal is never 0, silence always is. */
function stretches(output: readonly number[]): { from: number, to: number }[] {
  const found: { from: number, to: number }[] = []
  for (let i = 0; i < output.length; i++) {
    if (output[i] === 0) continue
    const last = found.at(-1)
    if (last?.to === i) last.to = i + 1
    else found.push({ from: i, to: i + 1 })
  }
  return found
}

/** Walks through all that sounded: each frame must be the signal's next one. @returns frames found, and blocks of 20 ms that weren't right */
function followSignal(output: readonly number[]) {
  const fade = CONTEXT_RATE * FADE_MS / 1000
  let at = 0
  const wrongBlocks = new Set<number>()
  for (const { from, to } of stretches(output)) {
    const length = to - from
    const matches = (shift: number) => {
      let worst = 0
      for (let i = fade; i < length - fade; i += 7) worst = Math.max(worst, Math.abs(output[from + i]! - signal((at + shift + i) / CONTEXT_RATE)))
      return worst
    }
    // A fade may begin and end with a sample that rounds to nothing.
    const shift = [0, 1, -1, 2, -2, 3].find(candidate => matches(candidate) < 0.0015) ?? 0
    for (let i = fade; i < length - fade; i++) {
      if (Math.abs(output[from + i]! - signal((at + shift + i) / CONTEXT_RATE)) > 0.0015) wrongBlocks.add(Math.floor((at + i) / (CONTEXT_RATE * 0.02)))
    }
    at += shift + length
  }
  return { frames: at, wrongBlocks: [...wrongBlocks] }
}

const largestStep = (output: readonly number[]) => output.reduce((largest, sample, i) => Math.max(largest, Math.abs(sample - (output[i - 1] ?? 0))), 0)
const decibels = (value: number) => 20 * Math.log10(value)

/** The same chances in every run (mulberry32). */
function chances(seed: number) {
  let state = seed
  return () => {
    state = state + 0x6D2B79F5 | 0
    let mixed = Math.imul(state ^ state >>> 15, 1 | state)
    mixed = mixed + Math.imul(mixed ^ mixed >>> 7, 61 | mixed) ^ mixed
    return ((mixed ^ mixed >>> 14) >>> 0) / 4_294_967_296
  }
}

/** TCP keeps the order: what is late holds up what follows. */
const inOrder = (times: number[]) => times.reduce<number[]>((sorted, ms) => [...sorted, Math.max(ms, sorted.at(-1) ?? 0)], [])
const pieces = (count: number) => Array.from({ length: count }, (_, i) => i)
const atPace = (count: number, pace: number, lateMs: (piece: number) => number = () => 0) => inOrder(pieces(count).map(i => i * PIECE_MS / pace + lateMs(i)))

/** The last number: how often samples may run out. Where it isn't 0, no delay of at most 250 ms could prevent it. */
const schedules: [name: string, answers: (random: () => number) => number[][], mostStarved: number][] = [
  ['all at once', () => [pieces(40).map(() => 0)], 0],
  ['in real time', () => [atPace(40, 1)], 0],
  ['five times as fast as it is spoken', () => [atPace(60, 5)], 0],
  ['in real time, up to 200 ms late, each piece by its own chance', random => pieces(30).map(() => atPace(30, 1, () => 200 * random())), 0],
  ['in real time, in bursts: 200 ms of nothing, then what is due', () => pieces(20).map(() => atPace(30, 1, i => i % 3 === 2 ? 0 : 100 * (2 - i % 3))), 0],
  ['twice as fast as it is spoken, 200 ms early or late', random => pieces(20).map(() => atPace(30, 2, () => 200 + 400 * (random() - 0.5))), 1],
  ['a stall of 2 s in the middle', () => [atPace(40, 1, i => i >= 20 ? 2000 : 0)], 1],
  ['several answers in a row', () => pieces(8).map(() => atPace(10, 3)), 0],
  ['a slow drip: a piece of 100 ms every 400 ms', () => [atPace(10, 0.25)], 9],
]

describe('answers by the schedule of a line', () => {
  it.each(schedules)('%s: every block is heard once and in order, without a click', (_, answersOf, mostStarved) => {
    const playing = device()
    const answers = answersOf(chances(7)).map(schedule => playing.answer(schedule))
    const starved = answers.reduce((sum, answer) => sum + answer.starved.events, 0)
    const delays = answers.map(({ arrivalsMs, startedMs }) => startedMs - arrivalsMs[0]!)
    const { frames, wrongBlocks } = followSignal(playing.output)
    expect(wrongBlocks).toEqual([])
    expect(Math.abs(frames - playing.givenFrames)).toBeLessThanOrEqual(4 * answers.length + 40)
    expect(decibels(largestStep(playing.output))).toBeLessThan(-40)
    expect(starved).toBeLessThanOrEqual(mostStarved)
    expect(Math.max(...delays)).toBeLessThanOrEqual(255)
  })

  it('waits longer after the line was uneven, and starts soon again once it has been calm for a while', () => {
    const playing = device()
    const random = chances(3)
    const delayOf = (lateMs: number) => {
      const { arrivalsMs, startedMs } = playing.answer(atPace(20, 1, () => lateMs * random()))
      return startedMs - arrivalsMs[0]!
    }
    for (let i = 0; i < 3; i++) delayOf(200)
    const calm = pieces(10).map(() => delayOf(0))
    expect(calm[0]).toBeGreaterThan(150)
    expect(calm.at(-1)).toBeLessThan(60)
  })
})
