import { describe, expect, it } from 'vitest'
import { createTimeline } from '../../../app/voice/timeline.ts'

/** Voice of constant magnitude: its rms is `level`. */
const voice = (ms: number, level = 0.5) => new Int16Array(24 * ms).fill(level * 32_768)
/** Frames of 40 ms that end at 40, 80, … up to `toMs`. */
function speak(timeline: ReturnType<typeof createTimeline>, fromMs: number, toMs: number, level = 0.25) {
  for (let atMs = fromMs + 40; atMs <= toMs; atMs += 40) timeline.userFrame(atMs, level)
}

describe('timeline: the user', () => {
  it('draws one stroke for three frames, at the level that was measured', () => {
    const timeline = createTimeline()
    timeline.userFrame(40, 0.3)
    timeline.userFrame(80, 0)
    timeline.userFrame(120, 0.3)
    timeline.userFrame(160, 0.1)
    const { user } = timeline.window(0, 1000)
    expect(user.map(stroke => stroke.atMs)).toEqual([0, 120])
    expect(user[0]!.level).toBeCloseTo(0.3 * Math.sqrt(2 / 3))
    expect(user[1]!.level).toBeCloseTo(0.1)
  })

  it('draws nothing where nothing was measured', () => {
    const timeline = createTimeline()
    speak(timeline, 0, 240)
    speak(timeline, 1200, 1440)
    expect(timeline.window(0, 2000).user.map(stroke => stroke.atMs)).toEqual([0, 120, 1200, 1320])
  })

  it('keeps strokes thin until all of them has been sent', () => {
    const timeline = createTimeline()
    speak(timeline, 0, 360)
    expect(timeline.window(0, 400).user.map(stroke => stroke.state)).toEqual(['waiting', 'waiting', 'waiting'])
    timeline.userSentUpTo(200)
    expect(timeline.window(0, 400).user.map(stroke => stroke.state)).toEqual(['heard', 'waiting', 'waiting'])
    timeline.userSentUpTo(360)
    expect(timeline.window(0, 400).user.map(stroke => stroke.state)).toEqual(['heard', 'heard', 'heard'])
  })

  it('gives what touches the window, and no more', () => {
    const timeline = createTimeline()
    speak(timeline, 0, 1200)
    expect(timeline.window(300, 490).user.map(stroke => stroke.atMs)).toEqual([240, 360, 480])
  })

  it('keeps two minutes', () => {
    const timeline = createTimeline()
    speak(timeline, 0, 300_000)
    const { user } = timeline.window(0, Infinity)
    expect(user[0]!.atMs).toBeGreaterThanOrEqual(300_000 - 120_000 - 240)
    expect(user.length).toBeLessThan(1005)
  })
})

describe('timeline: the assistant', () => {
  it('lets unheard strokes lie in the future, in order, from the present on', () => {
    const timeline = createTimeline()
    timeline.assistantAudio('a', voice(240))
    timeline.assistantAudio('b', voice(120, 0.1))
    const { assistant } = timeline.window(0, 10_000, 5000)
    expect(assistant.map(({ atMs, state }) => [atMs, state])).toEqual([[5000, 'waiting'], [5120, 'waiting'], [5240, 'waiting']])
    expect(assistant[2]!.level).toBeCloseTo(0.1, 3)
  })

  it('measures strokes the same however the audio was cut', () => {
    const whole = createTimeline()
    const pieces = createTimeline()
    const samples = Int16Array.from({ length: 24 * 500 }, (_, i) => 20_000 * Math.sin(i / 7) * Math.sin(i / 3000))
    whole.assistantAudio('a', samples)
    for (let at = 0; at < samples.length; at += 777) pieces.assistantAudio('a', samples.subarray(at, at + 777))
    const levels = (timeline: typeof whole) => timeline.window(0, 1e6, 0).assistant.map(stroke => stroke.level)
    expect(levels(pieces).length).toBe(5)
    levels(pieces).forEach((level, i) => expect(level).toBeCloseTo(levels(whole)[i]!, 9))
  })

  it('puts what was heard where it was heard, and fills a stroke only when all of it was', () => {
    const timeline = createTimeline()
    timeline.assistantAudio('a', voice(480))
    timeline.playedUpTo('a', 0, 1000)
    timeline.playedUpTo('a', 300, 1300)
    const { assistant } = timeline.window(0, 10_000, 1300)
    expect(assistant.map(({ atMs, state }) => [atMs, state])).toEqual([[1000, 'heard'], [1120, 'heard'], [1240, 'waiting'], [1360, 'waiting']])
  })

  it('draws no two strokes closer than they sound, however late the page hears of them', () => {
    const timeline = createTimeline()
    timeline.assistantAudio('a', new Int16Array(24 * 3000).fill(4000))
    const reports = [[50, 0], [150, 90], [250, 5], [400, 110], [450, 0], [700, 60], [1200, 20]] as const
    for (const [heardMs, lateMs] of reports) timeline.playedUpTo('a', heardMs, 1000 + heardMs + lateMs)
    const places = timeline.window(0, 2100).assistant.filter(({ state }) => state === 'heard').map(({ atMs }) => atMs)
    expect(places).toEqual(Array.from({ length: 10 }, (_, stroke) => 1000 + stroke * 120))
  })

  it('leaves what was heard in place when playback stands still, and moves what waits along with the present', () => {
    const timeline = createTimeline()
    timeline.assistantAudio('a', voice(480))
    timeline.playedUpTo('a', 240, 1240)
    const waiting = timeline.window(0, 10_000, 3000).assistant
    expect(waiting[1]).toMatchObject({ atMs: 1120, state: 'heard' })
    expect(waiting[2]!.atMs).toBeGreaterThan(2800)
    timeline.playedUpTo('a', 250, 3010)
    timeline.playedUpTo('a', 480, 3240)
    expect(timeline.window(0, 10_000, 3240).assistant.map(({ atMs, state }) => [atMs, state])).toEqual([[1000, 'heard'], [1120, 'heard'], [3000, 'heard'], [3120, 'heard']])
  })

  it('queues a second segment behind what is left of the first', () => {
    const timeline = createTimeline()
    timeline.assistantAudio('a', voice(360))
    timeline.assistantAudio('b', voice(120))
    timeline.playedUpTo('a', 120, 1120)
    expect(timeline.window(0, 10_000, 1120).assistant.map(stroke => stroke.atMs)).toEqual([1000, 1120, 1240, 1360])
  })

  it('keeps the cut tail, thin, where it would have been heard', () => {
    const timeline = createTimeline()
    timeline.assistantAudio('a', voice(600))
    timeline.playedUpTo('a', 100, 1100)
    timeline.cut('a', 240, 1240)
    const { assistant, cuts } = timeline.window(0, 10_000, 9000)
    expect(assistant.map(({ atMs, state }) => [atMs, state])).toEqual([[1000, 'heard'], [1120, 'heard'], [1240, 'cut'], [1360, 'cut'], [1480, 'cut']])
    expect(cuts).toEqual([{ atMs: 1240 }])
  })

  it('cuts what waited behind, too, and keeps its place behind', () => {
    const timeline = createTimeline()
    timeline.assistantAudio('a', voice(240))
    timeline.assistantAudio('b', voice(240))
    timeline.cut('a', 120, 1120)
    expect(timeline.window(0, 10_000, 5000).assistant.map(({ atMs, state }) => [atMs, state])).toEqual([[1000, 'heard'], [1120, 'cut'], [1240, 'cut'], [1360, 'cut']])
  })

  it('ends the cut tail where the next answer begins', () => {
    const timeline = createTimeline()
    timeline.assistantAudio('a', voice(2400))
    timeline.cut('a', 240, 1240)
    timeline.assistantAudio('b', voice(240))
    timeline.playedUpTo('b', 120, 1600)
    const { assistant } = timeline.window(0, 10_000, 1600)
    expect(assistant.filter(stroke => stroke.state === 'cut').every(stroke => stroke.atMs < 1480)).toBe(true)
    expect(assistant.filter(stroke => stroke.atMs >= 1480).map(stroke => stroke.state)).toEqual(['heard', 'waiting'])
  })

  it('lets an answer live that came while the cut was under way', () => {
    const timeline = createTimeline()
    timeline.assistantAudio('a', voice(480))
    timeline.playedUpTo('a', 100, 1100)
    timeline.assistantAudio('b', voice(120))
    timeline.cut('a', 120, 1120)
    timeline.playedUpTo('b', 120, 2000)
    expect(timeline.window(1800, 10_000, 2000).assistant.map(({ atMs, state }) => [atMs, state])).toEqual([[1880, 'heard']])
  })
})

describe('timeline: waits', () => {
  it('are open until the first sample is heard, and begin anew when the user goes on', () => {
    const timeline = createTimeline()
    timeline.waitFrom(1000)
    timeline.waitFrom(1500)
    expect(timeline.window(0, 5000).waits).toEqual([{ fromMs: 1500 }])
    timeline.waitTo(2100)
    timeline.waitTo(9000)
    expect(timeline.window(0, 5000).waits).toEqual([{ fromMs: 1500, toMs: 2100 }])
    expect(timeline.window(2200, 5000).waits).toEqual([])
  })

  it('are forgotten with everything else', () => {
    const timeline = createTimeline()
    speak(timeline, 0, 400)
    timeline.assistantAudio('a', voice(400))
    timeline.cut('a', 100, 300)
    timeline.waitFrom(300)
    timeline.clear()
    expect(timeline.window(-Infinity, Infinity)).toEqual({ user: [], assistant: [], waits: [], cuts: [] })
  })
})
