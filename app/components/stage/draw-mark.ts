import { line } from './draw-stage.ts'
import type { Palette, Pen } from './draw-stage.ts'
import type { StageLook } from './stage-look.ts'
import type { StageScale } from './stage-scale.ts'

function circle(pen: Pen, x: number, y: number, radius: number, how: { fill: string } | { stroke: string, width: number, from?: number, to?: number }): void {
  pen.beginPath()
  if ('fill' in how) {
    pen.arc(x, y, radius, 0, 7)
    pen.fillStyle = how.fill
    return pen.fill()
  }
  pen.arc(x, y, radius, how.from ?? 0, how.to ?? 7)
  pen.strokeStyle = how.stroke
  pen.lineWidth = how.width
  pen.stroke()
}

/** The line across at now, and the state's mark on it. */
export function drawMark(pen: Pen, look: StageLook, hue: string, palette: Palette, scale: StageScale, spinMs: number): void {
  const { nowX: x, axisY: y } = scale
  if (look.mark === 'bar') return line(pen, palette.ink3, 3, x, y - 14, x, y + 14)
  const reach = scale.bar ? scale.height / 2 - 8 : scale.amplitude + 8
  if (look.mark === 'cross') pen.setLineDash([3, 5])
  line(pen, hue, 1.5, x, y - reach, x, y + reach)
  pen.setLineDash([])
  circle(pen, x, y, 9.5, { fill: palette.paper })
  drawSign(pen, look, hue, palette, x, y, spinMs)
}

function drawSign(pen: Pen, look: StageLook, hue: string, palette: Palette, x: number, y: number, spinMs: number): void {
  const quiet = look.hue === 'neutral' ? palette.ink3 : hue
  switch (look.mark) {
    case 'ring':
      return circle(pen, x, y, 5.5, { stroke: palette.ink3, width: 2.5 })
    case 'struck':
      circle(pen, x, y, 5.5, { stroke: palette.ink3, width: 2.5 })
      return line(pen, palette.ink3, 2.5, x - 7, y + 7, x + 7, y - 7)
    case 'cross':
      line(pen, hue, 3, x - 5, y - 5, x + 5, y + 5)
      return line(pen, hue, 3, x + 5, y - 5, x - 5, y + 5)
    case 'arc': {
      const turn = (spinMs / 1000) * 3
      return circle(pen, x, y, 6, { stroke: quiet, width: 2.5, from: turn, to: turn + 4.4 })
    }
    case 'held':
      circle(pen, x, y, 4, { fill: hue })
      return circle(pen, x, y, 8.5, { stroke: hue, width: 2 })
    case 'pulse':
      return circle(pen, x, y, 6.5 + 1.2 * Math.sin((spinMs / 1000) * 4), { fill: hue })
    default:
      return circle(pen, x, y, 6.5, { fill: quiet })
  }
}
