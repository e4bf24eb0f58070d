import type { Stroke, Timeline } from '../../voice/call.ts'
import { drawMark } from './draw-mark.ts'
import type { Hue, StageLook } from './stage-look.ts'
import { stageScale, strokeHeight } from './stage-scale.ts'
import type { StageScale } from './stage-scale.ts'

/** The page's colour tokens, resolved for the theme in force, and its typeface. */
export interface Palette { paper: string, ink3: string, edge: string, you: string, kai: string, amber: string, amberink: string, red: string, font: string }

/** What the drawing needs of a canvas's 2D context; a test hands in a recorder. */
export type Pen = Pick<CanvasRenderingContext2D,
  'arc' | 'beginPath' | 'clearRect' | 'fill' | 'fillRect' | 'fillText' | 'lineTo' | 'moveTo' | 'setLineDash' | 'stroke'
  | 'fillStyle' | 'font' | 'globalAlpha' | 'lineCap' | 'lineWidth' | 'strokeStyle' | 'textAlign'>

export interface StageScene {
  width: number
  height: number
  /** 0 to 1, where now stands. */
  nowFraction: number
  nowMs: number
  look: StageLook
  /** When this look began, ms since the call began: its band starts here. */
  lookSinceMs: number
  timeline: Timeline
  palette: Palette
  /** Drives the mark's turn and pulse; constant with reduced motion. */
  spinMs: number
  /** Words of the labels: seconds ago, seconds waited. */
  words: { ago(seconds: number): string, seconds(text: string): string }
}

/** Gap between the axis and a stroke. */
const gap = 5

/** Draws one frame. Only what the timeline holds: a filled stroke was heard by the other side, a thin one was not (yet). */
export function drawStage(pen: Pen, scene: StageScene): void {
  const scale = stageScale(scene)
  pen.clearRect(0, 0, scene.width, scene.height)
  pen.lineCap = 'round'
  pen.setLineDash([])
  drawAxis(pen, scene, scale)
  if (scene.look.axis !== 'dotted') {
    drawTicks(pen, scene, scale)
    for (const wait of scene.timeline.waits) drawWait(pen, scene, scale, wait)
    if (scene.look.band) drawBand(pen, scene, scale)
    for (const stroke of scene.timeline.user) drawStroke(pen, scene, scale, stroke, 'you')
    for (const stroke of scene.timeline.assistant) drawStroke(pen, scene, scale, stroke, 'kai')
    for (const cut of scene.timeline.cuts) drawCut(pen, scene, scale, cut.atMs)
  }
  if (scene.look.stop) line(pen, scene.palette.red, 3, scale.width - 26, scale.axisY - 16, scale.width - 26, scale.axisY + 16)
  drawMark(pen, scene.look, hueColour(scene.palette, scene.look.hue), scene.palette, scale, scene.spinMs)
}

export function hueColour(palette: Palette, hue: Hue): string {
  return hue === 'neutral' ? palette.edge : palette[hue]
}

export function line(pen: Pen, colour: string, width: number, x0: number, y0: number, x1: number, y1: number): void {
  pen.strokeStyle = colour
  pen.lineWidth = width
  pen.beginPath()
  pen.moveTo(x0, y0)
  pen.lineTo(x1, y1)
  pen.stroke()
}

function dots(pen: Pen, colour: string, fromX: number, toX: number, y: number): void {
  pen.fillStyle = colour
  for (let x = fromX; x < toX; x += 8) {
    pen.beginPath()
    pen.arc(x, y, 0.9, 0, 7)
    pen.fill()
  }
}

/** Solid where the call's time has passed, dotted where it hasn't. */
function drawAxis(pen: Pen, { look, palette }: StageScene, scale: StageScale): void {
  if (look.axis === 'dotted') return dots(pen, palette.edge, 4, scale.width, scale.axisY)
  const fromX = Math.max(0, look.axis === 'broken' ? 0 : scale.x(0))
  if (fromX < scale.nowX) line(pen, palette.edge, 1, fromX, scale.axisY, scale.nowX, scale.axisY)
  if (look.axis === 'running') dots(pen, palette.edge, scale.nowX + 14, scale.width - (look.stop ? 40 : 4), scale.axisY)
}

function drawTicks(pen: Pen, { look, nowMs, palette, words }: StageScene, scale: StageScale): void {
  if (scale.bar || look.axis === 'broken') return
  pen.font = `12px ${palette.font}`
  pen.textAlign = 'center'
  pen.fillStyle = palette.ink3
  for (const seconds of [5, 10, 15]) {
    const x = scale.x(nowMs - seconds * 1000)
    if (nowMs < seconds * 1000 || scale.fade(x) < 0.5) continue
    pen.fillRect(x - 0.5, scale.height - 20, 1, 5)
    pen.fillText(words.ago(seconds), x, scale.height - 3)
  }
}

/** One stroke. Filled ones stay clear of the now line on its left, waiting ones on its right. */
function drawStroke(pen: Pen, { nowMs, palette }: StageScene, scale: StageScale, stroke: Stroke, voice: 'you' | 'kai'): void {
  const x = scale.x(stroke.atMs)
  if (x < -6 || x > scale.width + 6) return
  const thin = stroke.state !== 'heard'
  const ahead = stroke.atMs > nowMs
  if (Math.abs(x - scale.nowX) < 4.5 || (!thin && ahead)) return
  const side = voice === 'you' ? -1 : 1
  const from = scale.axisY + side * (gap + (thin ? 0 : 1.2))
  pen.globalAlpha = scale.fade(x)
  line(pen, palette[voice], thin ? 1.1 : scale.strokeWidth, x, from, x, from + side * Math.max(2.5, strokeHeight(stroke.level) * scale.amplitude))
  pen.globalAlpha = 1
}

/** The wait between the end of the user's speech and the first sound heard, to scale, with its length once it is known. */
function drawWait(pen: Pen, { nowMs, palette, words }: StageScene, scale: StageScale, wait: Timeline['waits'][number]): void {
  const fromX = scale.x(wait.fromMs)
  const toX = Math.min(scale.nowX, scale.x(wait.toMs ?? nowMs))
  if (toX < 0 || fromX > scale.nowX) return
  pen.globalAlpha = scale.fade(toX)
  line(pen, palette.amber, 5, fromX + 2, scale.axisY, Math.max(fromX + 2, toX - 2), scale.axisY)
  if (wait.toMs !== undefined && !scale.bar) {
    pen.fillStyle = palette.amberink
    pen.font = `600 12px ${palette.font}`
    pen.textAlign = 'right'
    pen.fillText(words.seconds(((wait.toMs - wait.fromMs) / 1000).toFixed(2)), toX - 5, scale.axisY + 19)
  }
  pen.globalAlpha = 1
}

/** Where the user cut the assistant: a line down through its voice, cleared of strokes on both sides. */
function drawCut(pen: Pen, { palette }: StageScene, scale: StageScale, atMs: number): void {
  const x = scale.x(atMs)
  if (x < 0 || x > scale.nowX) return
  pen.globalAlpha = scale.fade(x)
  pen.lineCap = 'butt'
  line(pen, palette.paper, 8, x, scale.axisY + 3, x, scale.axisY + scale.amplitude + 8)
  pen.lineCap = 'round'
  line(pen, palette.you, 3, x, scale.axisY - 2, x, scale.axisY + scale.amplitude + 6)
  pen.globalAlpha = 1
}

/** A stretch of the axis that says something about the microphone or the line since `lookSinceMs`. */
function drawBand(pen: Pen, { look, lookSinceMs, palette }: StageScene, scale: StageScale): void {
  const fromX = Math.max(0, scale.x(lookSinceMs))
  const { axisY, nowX } = scale
  if (look.band === 'hold') {
    line(pen, palette.you, 5, fromX, axisY, nowX, axisY)
    line(pen, palette.you, 2.5, fromX, axisY - Math.min(scale.amplitude, 72), fromX, axisY)
  } else if (look.band === 'mute') {
    pen.fillStyle = palette.ink3
    for (let x = fromX; x < nowX - 8; x += 6) pen.fillRect(x - 1, axisY - 9, 2, 2)
  } else {
    line(pen, palette.paper, 5, fromX, axisY, nowX, axisY)
    pen.setLineDash([6, 7])
    line(pen, palette.red, 2.5, fromX, axisY, nowX, axisY)
    pen.setLineDash([])
  }
}
