/** A measured value beside its goal. */
export interface Figure {
  what: string
  measured: string
  goal: string
  /** Undefined: there is no goal. */
  met: boolean | undefined
}

const sign = (met: boolean | undefined) => met === undefined ? '     ' : met ? 'met  ' : 'MISSED'

export function printFigure({ what, measured, goal, met }: Figure): void {
  console.log(`${sign(met).padEnd(7)}${what.padEnd(52)}${measured.padEnd(58)}${goal}`)
}
