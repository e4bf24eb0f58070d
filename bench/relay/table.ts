import type { Compared, Workload } from './figures.ts'
import { compare } from './figures.ts'
import { goals, verdict, type GoalName } from './goals.ts'

const cell = (value: number | undefined, digits: number) => value === undefined || Number.isNaN(value) ? '–' : value.toFixed(digits)

/** Every peer of one workload, in full. */
export function printWorkload(workload: Workload): void {
  console.log(`\n${workload.callers} callers, ${workload.frameMs} ms frames, ${workload.rounds.length} rounds (CPU: median; p99: best)`)
  const row = (cells: string[]) => console.log(cells.map((text, n) => n === 0 ? text.padEnd(12) : text.padStart(11)).join(''))
  row(['', 'CPU ms/min', '× nginx', 'up p50', 'up p99', 'down p50', 'down p99', 'loop p99', 'kB/session', 'lost'])
  for (const figures of compare(workload)) {
    const { peer, cpuMsPerSessionMinute, timesNginx, loopP99Ms, kbPerSession, lostEvents, lostCalls, refused, endsLimited } = figures
    const latency = [cell(figures.upP50Ms, 2), cell(figures.upP99Ms, 1), cell(figures.downP50Ms, 2), cell(figures.downP99Ms, 1)]
    row([peer, cell(cpuMsPerSessionMinute, 1), cell(timesNginx, 2), ...latency, cell(loopP99Ms, 1), cell(kbPerSession, 0), `${lostEvents}/${lostCalls}`])
    if (refused > 0) console.log(`  ${peer}: ${refused} refused`)
    if (endsLimited) console.log(`  ${peer}: the ends were at their limit in every round (${endsLimited})`)
  }
}

export type Measured = Partial<Record<GoalName, Partial<Record<string, number>>>>

/** What the goals ask for, from the workloads. */
export function measuredGoals(workloads: readonly Workload[]): Measured {
  const of = (callers: number, frameMs: number, pick: (figures: Compared) => number | undefined) => {
    const workload = workloads.find(one => one.callers === callers && one.frameMs === frameMs)
    return workload && Object.fromEntries(compare(workload).map(figures => [figures.peer, pick(figures)]))
  }
  return {
    cpu200: of(200, 100, figures => figures.timesNginx), cpu1000: of(1000, 100, figures => figures.timesNginx),
    cpu20ms: of(200, 20, figures => figures.timesNginx),
    p50: of(200, 100, figures => figures.addedP50Ms), p99: of(200, 100, figures => figures.addedP99Ms), memory: of(1000, 100, figures => figures.kbPerSession),
  }
}

/** The table of goals: Kaiwa is judged as what programs use; the page stands beside it. */
export function printGoals(measured: Measured): void {
  const names = ['nginx', 'naive', 'bare', 'kaiwa', 'kaiwa-page']
  console.log(`\n${''.padEnd(44)}${names.map(name => name.padStart(11)).join('')}   goal`)
  for (const name of Object.keys(goals) as GoalName[]) {
    const goal = goals[name]
    const values = measured[name]
    const sign = 'sense' in goal ? '≥' : '≤'
    const wanted = `${sign} ${goal.bar}${goal.bar === goal.stretch ? '' : `, then ${goal.stretch}`}`
    const cells = names.map(peer => cell(values?.[peer], goal.digits).padStart(11)).join('')
    console.log(`${goal.label.padEnd(44)}${cells}   ${wanted.padEnd(18)} ${verdict(goal, values?.kaiwa)}`)
  }
}
