import { describe, expect, test } from 'vitest'
import { drawStage } from '../../../../app/components/stage/draw-stage.ts'
import type { StageScene } from '../../../../app/components/stage/draw-stage.ts'
import { stageLook } from '../../../../app/components/stage/stage-look.ts'
import type { CallState, Timeline } from '../../../../app/voice/call.ts'
import { recordingPen } from '../../../fakes/recording-pen.ts'
import type { Drawn } from '../../../fakes/recording-pen.ts'

const palette = { paper: 'paper', ink3: 'ink3', edge: 'edge', you: 'you', kai: 'kai', amber: 'amber', amberink: 'amberink', red: 'red', font: 'sans' }
const empty: Timeline = { user: [], assistant: [], waits: [], cuts: [] }
const nowMs = 60_000
const axisY = 106.5
const nowX = 640.5

function draw(state: CallState, timeline: Partial<Timeline> = {}, more: Partial<StageScene> & { muted?: boolean } = {}): Drawn[] {
  const pen = recordingPen()
  drawStage(pen, {
    width: 1000, height: 212, nowFraction: 0.64, nowMs, lookSinceMs: nowMs - 2000, palette, spinMs: 0,
    look: stageLook({ state, muted: more.muted ?? false, microphone: 'on' }),
    timeline: { ...empty, ...timeline },
    words: { ago: seconds => `${seconds} ago`, seconds: text => `${text} s` },
    ...more,
  })
  return pen.drawn
}

const lines = (drawn: Drawn[], colour: string) => drawn.filter(shape => shape.kind === 'line').filter(shape => shape.colour === colour)
const voiceLines = (drawn: Drawn[], colour: string) => lines(drawn, colour).filter(shape => shape.x0 === shape.x1 && shape.x0 !== nowX)
const texts = (drawn: Drawn[]) => drawn.flatMap(shape => shape.kind === 'text' ? [shape.text] : [])

describe('strokes', () => {
  test('the user stands above the axis, the assistant below it', () => {
    const drawn = draw({ name: 'listening' }, { user: [{ atMs: nowMs - 1000, level: 0.1, state: 'heard' }], assistant: [{ atMs: nowMs - 2000, level: 0.1, state: 'heard' }] })
    expect(voiceLines(drawn, 'you')[0]!.y1).toBeLessThan(axisY)
    expect(voiceLines(drawn, 'kai')[0]!.y1).toBeGreaterThan(axisY)
  })

  test('a stroke stands 50 px left of now for each second that passed', () => {
    const [stroke] = voiceLines(draw({ name: 'listening' }, { user: [{ atMs: nowMs - 3000, level: 0.1, state: 'heard' }] }), 'you')
    expect(stroke!.x0).toBeCloseTo(nowX - 150)
  })

  test('on a phone it moves 36 px a second', () => {
    const scene = { width: 390, height: 300, nowFraction: 0.57 }
    const [stroke] = lines(draw({ name: 'listening' }, { user: [{ atMs: nowMs - 1000, level: 0.1, state: 'heard' }] }, scene), 'you').filter(line => line.width === 2.7)
    expect(stroke!.x0).toBeCloseTo(Math.round(390 * 0.57) + 0.5 - 36)
  })

  test('what was not heard is thin: waiting and cut alike', () => {
    const strokes = (['heard', 'waiting', 'cut'] as const).map((state, index) => ({ atMs: nowMs - 1000 * (index + 1), level: 0.1, state }))
    expect(voiceLines(draw({ name: 'speaking', sinceMs: 0 }, { assistant: strokes }), 'kai').map(line => line.width)).toEqual([3.4, 1.1, 1.1])
  })

  test('nothing filled is drawn ahead of now, whatever the timeline claims', () => {
    expect(voiceLines(draw({ name: 'speaking', sinceMs: 0 }, { assistant: [{ atMs: nowMs + 500, level: 0.1, state: 'heard' }] }), 'kai')).toEqual([])
  })

  test('strokes outside the canvas cost nothing', () => {
    const far = [{ atMs: nowMs - 60_000, level: 0.1, state: 'heard' as const }, { atMs: nowMs + 60_000, level: 0.1, state: 'waiting' as const }]
    expect(voiceLines(draw({ name: 'speaking', sinceMs: 0 }, { assistant: far }), 'kai')).toEqual([])
  })

  test('a louder stroke is higher, and the loudest stays on the canvas', () => {
    const levels = [0.001, 0.01, 0.1, 1]
    const drawn = voiceLines(draw({ name: 'listening' }, { user: levels.map((level, index) => ({ atMs: nowMs - 500 * (index + 1), level, state: 'heard' as const })) }), 'you')
    const heights = drawn.map(line => axisY - line.y1)
    expect(heights).toEqual([...heights].sort((a, b) => a - b))
    expect(heights.at(-1)).toBeLessThan(axisY)
  })
})

describe('waits and cuts', () => {
  test('a closed wait is an amber bar to scale, with its seconds', () => {
    const drawn = draw({ name: 'speaking', sinceMs: 0 }, { waits: [{ fromMs: nowMs - 4000, toMs: nowMs - 3350 }] })
    const [bar] = lines(drawn, 'amber')
    expect(bar!.x1 - bar!.x0).toBeCloseTo(0.65 * 50 - 4)
    expect(texts(drawn)).toContain('0.65 s')
  })

  test('an open wait grows to now and has no figure yet', () => {
    const drawn = draw({ name: 'thinking', sinceMs: 0 }, { waits: [{ fromMs: nowMs - 1000 }] })
    expect(lines(drawn, 'amber').some(line => line.y0 === axisY && line.x1 === nowX - 2)).toBe(true)
    expect(texts(drawn).filter(text => text.endsWith(' s'))).toEqual([])
  })

  test('a cut is a line in the user’s colour down through the assistant’s voice', () => {
    const [cut] = voiceLines(draw({ name: 'interrupted', sinceMs: 0 }, { cuts: [{ atMs: nowMs - 1000 }] }), 'you')
    expect(cut!.x0).toBeCloseTo(nowX - 50)
    expect(cut!.y1).toBeGreaterThan(axisY + 50)
  })
})

describe('the axis', () => {
  test('before a call it is dotted from end to end, and nothing else is claimed', () => {
    const drawn = draw({ name: 'idle' }, { user: [{ atMs: nowMs - 1000, level: 1, state: 'heard' }] })
    expect(voiceLines(drawn, 'you')).toEqual([])
    expect(drawn.filter(shape => shape.kind === 'arc' && shape.radius === 0.9).length).toBeGreaterThan(100)
  })

  test('it is solid only from the moment the call began', () => {
    const axis = lines(draw({ name: 'connecting', sinceMs: 0 }, {}, { nowMs: 2000 }), 'edge').find(line => line.y0 === axisY)
    expect(axis).toMatchObject({ x0: nowX - 100, x1: nowX })
  })

  test('it is broken off at now in trouble, and closed by a bar at the end', () => {
    const failed = draw({ name: 'error', trouble: { code: 'mic_denied', detail: '' } })
    expect(lines(failed, 'red').some(line => line.dashed)).toBe(true)
    expect(failed.some(shape => shape.kind === 'arc' && shape.radius === 0.9)).toBe(false)
    const ended = draw({ name: 'ended', durationMs: 1, turns: 1 })
    expect(lines(ended, 'ink3')).toEqual([expect.objectContaining({ x0: nowX, x1: nowX, width: 3 })])
  })

  test('seconds ago are marked only as far back as the call reaches', () => {
    expect(texts(draw({ name: 'listening' }))).toEqual(['5 ago', '10 ago'])
    expect(texts(draw({ name: 'listening' }, {}, { nowMs: 6000 }))).toEqual(['5 ago'])
  })

  test('collapsed to a strip it has no labels', () => {
    expect(texts(draw({ name: 'speaking', sinceMs: 0 }, { waits: [{ fromMs: nowMs - 4000, toMs: nowMs - 3000 }] }, { height: 84 }))).toEqual([])
  })

  test('holding the floor is a band in the user’s colour since then; a dropped line a red dashed one; mute dots', () => {
    expect(lines(draw({ name: 'held', sinceMs: 0 }), 'you').some(line => line.x0 === nowX - 100 && line.x1 === nowX && line.width === 5)).toBe(true)
    expect(lines(draw({ name: 'reconnecting', attempt: 1, attempts: 5 }), 'red').some(line => line.dashed && line.x0 === nowX - 100)).toBe(true)
    expect(draw({ name: 'listening' }, {}, { muted: true }).filter(shape => shape.kind === 'rect' && shape.width === 2).length).toBeGreaterThan(10)
  })

  test('a limit is a red stop at the right end', () => {
    expect(lines(draw({ name: 'limit', of: 'call' }), 'red').some(line => line.x0 === 974)).toBe(true)
  })
})

describe('the mark at now', () => {
  const arcs = (drawn: Drawn[]) => drawn.filter(shape => shape.kind === 'arc').filter(shape => shape.x === nowX && shape.y === axisY && shape.colour !== 'paper')

  test('a ring before the call, a dot of the voice that has the floor in it', () => {
    expect(arcs(draw({ name: 'idle' }))).toEqual([expect.objectContaining({ colour: 'ink3', filled: false })])
    expect(arcs(draw({ name: 'listening' }))).toEqual([expect.objectContaining({ colour: 'you', filled: true })])
    expect(arcs(draw({ name: 'speaking', sinceMs: 0 }))).toEqual([expect.objectContaining({ colour: 'kai', filled: true })])
  })

  test('an open arc turns while something is awaited, and stands still when the spin does', () => {
    const first = arcs(draw({ name: 'connecting', sinceMs: 0 }))[0]!
    const later = arcs(draw({ name: 'connecting', sinceMs: 0 }, {}, { spinMs: 500 }))[0]!
    expect(first.to - first.from).toBeLessThan(2 * Math.PI)
    expect(later.from).not.toBe(first.from)
  })

  test('muted is a ring struck through, held a ring around a dot', () => {
    expect(lines(draw({ name: 'listening' }, {}, { muted: true }), 'ink3').some(line => line.x0 < nowX && line.x1 > nowX)).toBe(true)
    expect(arcs(draw({ name: 'held', sinceMs: 0 })).map(arc => arc.filled)).toEqual([true, false])
  })
})
