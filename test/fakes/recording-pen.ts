import type { Pen } from '../../app/components/stage/draw-stage.ts'

/** One thing drawn, with the colour, width and opacity it was drawn in. */
export type Drawn
  = | { kind: 'line', x0: number, y0: number, x1: number, y1: number, colour: string, width: number, alpha: number, dashed: boolean }
    | { kind: 'arc', x: number, y: number, radius: number, from: number, to: number, colour: string, filled: boolean }
    | { kind: 'rect', x: number, y: number, width: number, height: number, colour: string }
    | { kind: 'text', text: string, x: number, y: number, colour: string }

/** A canvas context that remembers what was drawn on it. */
export function recordingPen(): Pen & { drawn: Drawn[] } {
  const drawn: Drawn[] = []
  let at = { x: 0, y: 0 }
  let path: Drawn[] = []
  let dashed = false
  const pen: Pen & { drawn: Drawn[] } = {
    drawn,
    fillStyle: '', strokeStyle: '', font: '', globalAlpha: 1, lineCap: 'butt', lineWidth: 1, textAlign: 'left',
    clearRect: () => { drawn.length = 0 },
    beginPath: () => { path = [] },
    moveTo: (x, y) => { at = { x, y } },
    lineTo: (x, y) => {
      path.push({ kind: 'line', x0: at.x, y0: at.y, x1: x, y1: y, colour: String(pen.strokeStyle), width: pen.lineWidth, alpha: pen.globalAlpha, dashed })
      at = { x, y }
    },
    arc: (x, y, radius, from, to) => { path.push({ kind: 'arc', x, y, radius, from, to, colour: '', filled: false }) },
    stroke: () => { drawn.push(...path.map(shape => shape.kind === 'arc' ? { ...shape, colour: String(pen.strokeStyle) } : shape)) },
    fill: () => { drawn.push(...path.flatMap(shape => shape.kind === 'arc' ? [{ ...shape, colour: String(pen.fillStyle), filled: true }] : [])) },
    fillRect: (x, y, width, height) => { drawn.push({ kind: 'rect', x, y, width, height, colour: String(pen.fillStyle) }) },
    fillText: (text, x, y) => { drawn.push({ kind: 'text', text, x, y, colour: String(pen.fillStyle) }) },
    setLineDash: pattern => { dashed = [...pattern].length > 0 },
  }
  return pen
}
