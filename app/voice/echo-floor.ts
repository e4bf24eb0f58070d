/** What a check has measured of the way from loudspeaker to microphone; without it nothing gets past a closed gate. */
export interface EchoFloor {
  /** By how much the echo is weaker in the microphone than what is played. */
  lossDb: number
  /** Level of the quiet room, 0 to 1. */
  noiseLevel: number
  /** From the last sample played until the room is quiet. */
  tailMs: number
}

const within = (value: unknown, min: number, max: number) => typeof value === 'number' && value >= min && value <= max

/** From what was remembered; undefined when any of it can't be. */
export function parseEchoFloor(value: unknown): EchoFloor | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { lossDb, noiseLevel, tailMs } = value as Record<keyof EchoFloor, unknown>
  const possible = within(lossDb, -60, 120) && within(noiseLevel, 0, 1) && within(tailMs, 0, 2000)
  return possible ? { lossDb, noiseLevel, tailMs } as EchoFloor : undefined
}
