/** The relay's goals: a bar, and the one to go for. Ratios are against nginx in the same rounds. */
export interface Goal { label: string, bar: number, stretch: number, digits: number, /** @default 'at most' */ sense?: 'at least' }

export const goals = {
  cpu200: { label: 'CPU per session-minute, N = 200, × nginx', bar: 2.5, stretch: 1.8, digits: 2 },
  cpu1000: { label: 'the same, N = 1000', bar: 2.0, stretch: 1.5, digits: 2 },
  cpu20ms: { label: '20 ms frames, N = 200, × nginx', bar: 2.2, stretch: 1.8, digits: 2 },
  p50: { label: 'added p50 each way, N = 200, ms', bar: 0.2, stretch: 0.12, digits: 2 },
  p99: { label: 'added p99 each way, N = 200, ms', bar: 3, stretch: 1.5, digits: 1 },
  capacity: { label: 'sessions on one core', bar: 1500, stretch: 2000, digits: 0, sense: 'at least' },
  memory: { label: 'memory per session, N = 1000, kB', bar: 130, stretch: 80, digits: 0 },
  stalled: { label: 'memory of one stalled caller, kB', bar: 1024, stretch: 1024, digits: 0 },
} as const satisfies Record<string, Goal>

export type GoalName = keyof typeof goals

/** In words, for the last column. */
export function verdict(goal: Goal, value: number | undefined): string {
  if (value === undefined || Number.isNaN(value)) return 'not measured'
  const meets = (limit: number) => goal.sense === 'at least' ? value >= limit : value <= limit
  if (!meets(goal.bar)) return 'not met'
  return goal.bar === goal.stretch ? 'met' : meets(goal.stretch) ? 'met, both' : 'met, the first'
}
