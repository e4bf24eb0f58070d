import { describe, expect, it } from 'vitest'
import { stepRate } from '../../../../app/replay/replay-clock.ts'
import { createReplay } from '../../../../app/replay/replay.ts'
import { scoreOf } from '../../../../app/replay/replay-score.ts'
import { keptConversation } from '../../../fakes/told-conversation.ts'

function started() {
  let nowMs = 5000
  let frame: (() => void) | undefined
  const score = scoreOf(keptConversation())
  const replay = createReplay(score, { nowMs: () => nowMs, onNextFrame: callback => {
    frame = callback
    return () => { frame = undefined }
  } })
  return {
    replay, score,
    pass(ms: number) {
      nowMs += ms
      const due = frame
      frame = undefined
      due?.()
    },
    get framed() { return frame !== undefined },
  }
}

describe('a replay', () => {
  it('runs by its own clock, at its speed, and stands while paused', () => {
    const { replay, pass } = started()
    replay.toggle()
    pass(1000)
    expect(replay.state).toMatchObject({ playing: true, positionMs: 1000 })
    replay.setRate(2)
    pass(1000)
    expect(replay.state.positionMs).toBe(3000)
    replay.toggle()
    pass(1000)
    expect(replay.state).toMatchObject({ playing: false, positionMs: 3000 })
  })

  it('stops at its end, asks for no more frames, and begins anew from there', () => {
    const test = started()
    test.replay.seek(test.score.durationMs - 100)
    test.replay.toggle()
    test.pass(500)
    expect(test.replay.state).toMatchObject({ playing: false, positionMs: test.score.durationMs })
    expect(test.framed).toBe(false)
    test.replay.toggle()
    test.pass(100)
    expect(test.replay.state.positionMs).toBe(100)
  })

  it('goes nowhere beyond its ends', () => {
    const { replay, score } = started()
    replay.seek(-50)
    expect(replay.state.positionMs).toBe(0)
    replay.seek(1e9)
    expect(replay.state.positionMs).toBe(score.durationMs)
  })

  it('skips a long silence but for its last moment, and never a word', () => {
    const { replay, pass, score } = started()
    replay.skipSilence(true)
    replay.seek(9700)
    replay.toggle()
    // The typed word at 12.4 s is the next thing that happens.
    expect(replay.state.positionMs).toBe(12_000)
    replay.seek(1000)
    pass(500)
    expect(replay.state.positionMs).toBe(1500)
    expect(score.durationMs).toBeGreaterThan(12_000)
  })

  it('waits for the sound, and goes on from where it waited', () => {
    const { replay, pass } = started()
    let waiting = false
    replay.setVoices({ follow: () => ({ waiting }), close() {} })
    replay.toggle()
    pass(1000)
    waiting = true
    pass(100)
    pass(5000)
    expect(replay.state).toMatchObject({ waiting: true, positionMs: 1100 })
    waiting = false
    pass(1000)
    expect(replay.state).toMatchObject({ waiting: false, positionMs: 1100 })
    pass(400)
    expect(replay.state.positionMs).toBe(1500)
  })

  it('goes on with what is left when a turn was removed', () => {
    const { replay, score } = started()
    replay.seek(score.durationMs)
    const less = scoreOf(keptConversation({ items: keptConversation().items.slice(0, 1) }))
    replay.setScore(less)
    expect(replay.state.positionMs).toBe(less.durationMs)
  })

  it('closed, it lets go of the voices and moves no more', () => {
    const { replay, pass } = started()
    let closed = 0
    replay.setVoices({ follow: () => ({ waiting: false }), close: () => { closed++ } })
    replay.toggle()
    replay.close()
    pass(1000)
    replay.seek(3000)
    expect(closed).toBe(1)
    expect(replay.state.positionMs).toBe(0)
  })

  it('has speeds with ends', () => {
    expect([stepRate(1, 1), stepRate(1, -1), stepRate(2, 1), stepRate(0.75, -1)]).toEqual([1.25, 0.75, 2, 0.75])
  })
})
