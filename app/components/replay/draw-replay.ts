import type { Score } from '../../replay/replay-score.ts'
import type { ReplayStroke } from '../../replay/replay-strokes.ts'
import { ticksOf } from '../../replay/replay-window.ts'
import type { ReplayWindow } from '../../replay/replay-window.ts'
import { line } from '../stage/draw-stage.ts'
import type { Palette, Pen } from '../stage/draw-stage.ts'
import { strokeHeight } from '../stage/stage-scale.ts'

export interface ReplayScene {
  width: number
  /** Where the axis of time begins; left of it stand the names of the lanes. */
  left: number
  positionMs: number
  window: ReplayWindow
  score: Score
  user: readonly ReplayStroke[]
  assistant: readonly ReplayStroke[]
  /** Ms of the axis. */
  events: readonly number[]
  palette: Palette & { ink: string, line: string, mono: string }
  words: { seconds(text: string): string, clock(ms: number): string }
}

/** Heights of the drawing, CSS pixels from its top. */
export const replayLanes = { axis: 70, tools: 158, waits: 188, events: 214, ticks: 240, height: 246 } as const

const amplitude = 58
const gap = 3.5
/** A voice of which only the times are known. */
const spokenHeight = 0.24
/** What wasn't played yet. */
const aheadAlpha = 0.42

/** Draws one frame of a replay: what was played so far stands in full colour. */
export function drawReplay(pen: Pen, scene: ReplayScene): void {
  pen.clearRect(0, 0, scene.width, replayLanes.height)
  pen.globalAlpha = 1
  pen.setLineDash([])
  drawAxes(pen, scene)
  drawBreaks(pen, scene)
  drawWaits(pen, scene)
  pen.lineCap = 'round'
  drawVoice(pen, scene, scene.user, -1, scene.palette.you)
  drawVoice(pen, scene, scene.assistant, 1, scene.palette.kai)
  drawTyped(pen, scene)
  for (const { atMs } of scene.score.cuts) drawCut(pen, scene, atMs)
  drawTools(pen, scene)
  drawEvents(pen, scene)
  drawTicks(pen, scene)
  drawPosition(pen, scene)
}

const inside = ({ window: { fromMs, toMs } }: ReplayScene, atMs: number) => atMs >= fromMs && atMs <= toMs
const played = (scene: ReplayScene, atMs: number) => atMs <= scene.positionMs ? 1 : aheadAlpha

function drawAxes(pen: Pen, { left, width, palette }: ReplayScene): void {
  pen.lineCap = 'butt'
  line(pen, palette.edge, 1, left, replayLanes.axis + 0.5, width, replayLanes.axis + 0.5)
  for (const y of [replayLanes.tools, replayLanes.waits, replayLanes.events]) line(pen, palette.line, 1, left, y + 0.5, width, y + 0.5)
}

/** Where one call ends and the next begins. */
function drawBreaks(pen: Pen, scene: ReplayScene): void {
  for (const { fromMs } of scene.score.calls.slice(1)) {
    if (!inside(scene, fromMs)) continue
    pen.setLineDash([2, 4])
    line(pen, scene.palette.edge, 1, scene.window.x(fromMs), 6, scene.window.x(fromMs), replayLanes.events + 6)
    pen.setLineDash([])
  }
}

function drawVoice(pen: Pen, scene: ReplayScene, strokes: readonly ReplayStroke[], side: -1 | 1, colour: string): void {
  for (const { atMs, level } of strokes) {
    if (!inside(scene, atMs)) continue
    const x = scene.window.x(atMs)
    const from = replayLanes.axis + 0.5 + side * gap
    pen.globalAlpha = played(scene, atMs)
    line(pen, colour, 3, x, from, x, from + side * Math.max(2, (level === undefined ? spokenHeight : strokeHeight(level)) * amplitude))
  }
  pen.globalAlpha = 1
}

/** What was typed or written has no length: a square on its side of the axis. */
function drawTyped(pen: Pen, scene: ReplayScene): void {
  for (const entry of scene.score.entries) {
    if (entry.kind !== 'turn' || entry.toMs > entry.fromMs || !inside(scene, entry.fromMs)) continue
    const user = entry.turn.segment.speaker === 'user'
    pen.globalAlpha = played(scene, entry.fromMs)
    pen.fillStyle = user ? scene.palette.you : scene.palette.kai
    pen.fillRect(scene.window.x(entry.fromMs) - 3.5, replayLanes.axis + (user ? -12 : 5), 7, 7)
  }
  pen.globalAlpha = 1
}

function drawCut(pen: Pen, scene: ReplayScene, atMs: number): void {
  if (!inside(scene, atMs)) return
  const x = scene.window.x(atMs)
  pen.globalAlpha = played(scene, atMs)
  pen.lineCap = 'butt'
  line(pen, scene.palette.paper, 6, x, replayLanes.axis + 2, x, replayLanes.axis + amplitude + 4)
  pen.lineCap = 'round'
  line(pen, scene.palette.you, 2.5, x, replayLanes.axis - 2, x, replayLanes.axis + amplitude + 4)
  pen.globalAlpha = 1
}

/** On the axis to scale, and in the lane with its length. */
function drawWaits(pen: Pen, scene: ReplayScene): void {
  const { palette, window, words } = scene
  let freeX = -Infinity
  pen.font = `500 12px ${palette.font}`
  pen.textAlign = 'left'
  for (const { fromMs, toMs } of scene.score.waits) {
    if (!inside(scene, toMs) && !inside(scene, fromMs)) continue
    const x = Math.max(scene.left, window.x(fromMs))
    pen.globalAlpha = played(scene, fromMs)
    line(pen, palette.amber, 4, x, replayLanes.axis + 0.5, Math.max(x + 1.5, window.x(toMs)), replayLanes.axis + 0.5)
    pen.globalAlpha = 1
    pen.fillStyle = palette.amber
    pen.beginPath()
    pen.arc(window.x(toMs), replayLanes.waits + 0.5, 3, 0, 7)
    pen.fill()
    if (window.x(toMs) < freeX) continue
    const text = words.seconds(((toMs - fromMs) / 1000).toFixed(2))
    freeX = label(pen, scene, text, window.x(toMs) + 8, replayLanes.waits, palette.amberink)
  }
}

function drawTools(pen: Pen, scene: ReplayScene): void {
  const { palette, window, words } = scene
  let freeX = -Infinity
  for (const entry of scene.score.entries) {
    if (entry.kind !== 'tool' || !inside(scene, entry.fromMs)) continue
    const x = window.x(entry.fromMs)
    pen.fillStyle = palette.ink3
    const width = entry.toMs === undefined ? 5 : Math.max(5, window.x(Math.min(entry.toMs, window.toMs)) - x)
    pen.fillRect(x - 2.5, replayLanes.tools - 4, width, 9)
    if (x < freeX) continue
    pen.font = `500 12px ${palette.mono}`
    pen.textAlign = 'left'
    const took = entry.toMs === undefined ? '' : `  ${words.seconds(((entry.toMs - entry.fromMs) / 1000).toFixed(2))}`
    freeX = label(pen, scene, `${entry.name.slice(0, 40)}${took}`, x + width + 6, replayLanes.tools, palette.ink3)
  }
}

/** Text on a lane, which it interrupts. @returns where there is room again */
function label(pen: Pen, { palette, width }: ReplayScene, text: string, x: number, laneY: number, colour: string): number {
  const length = text.length * 7.3
  if (x + length > width + 8) return x
  pen.fillStyle = palette.paper
  pen.fillRect(x - 3, laneY - 7, length + 4, 15)
  pen.fillStyle = colour
  pen.fillText(text, x, laneY + 4.5)
  return x + length + 12
}

function drawEvents(pen: Pen, scene: ReplayScene): void {
  pen.fillStyle = scene.palette.edge
  let lastX = -1
  for (const atMs of scene.events) {
    const x = Math.round(scene.window.x(atMs))
    if (!inside(scene, atMs) || x === lastX) continue
    lastX = x
    pen.fillRect(x, replayLanes.events - 4, 1, 9)
  }
}

function drawTicks(pen: Pen, scene: ReplayScene): void {
  pen.font = `12px ${scene.palette.font}`
  pen.fillStyle = scene.palette.ink3
  for (const atMs of ticksOf(scene.window, 84)) {
    const x = scene.window.x(atMs)
    pen.textAlign = x - scene.left < 16 ? 'left' : x > scene.width - 24 ? 'right' : 'center'
    pen.fillText(scene.words.clock(atMs), x, replayLanes.ticks)
  }
}

function drawPosition(pen: Pen, scene: ReplayScene): void {
  const x = scene.window.x(scene.positionMs)
  pen.lineCap = 'butt'
  line(pen, scene.palette.ink, 1.5, x, 2, x, replayLanes.axis + amplitude + 12)
  pen.fillStyle = scene.palette.ink
  pen.beginPath()
  pen.arc(x, replayLanes.axis + 0.5, 5.5, 0, 7)
  pen.fill()
}
