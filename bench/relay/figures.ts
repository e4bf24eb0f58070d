/** From the rounds of one workload to the figures that are compared. Pure. */
import type { PeerName } from './peers.ts'
import type { RunFigures } from './run.ts'
import { median } from './samples.ts'

/** One workload: in each round every peer once. */
export interface Workload { callers: number, frameMs: number, rounds: RunFigures[][] }

export interface Compared {
  peer: PeerName
  cpuMsPerSessionMinute: number | undefined
  /** Median over the rounds of the ratio within a round. */
  timesNginx: number | undefined
  upP50Ms: number
  upP99Ms: number
  downP50Ms: number
  downP99Ms: number
  /** Beyond `direct`: the worse way's. */
  addedP50Ms: number | undefined
  addedP99Ms: number | undefined
  loopP99Ms: number | undefined
  kbPerSession: number | undefined
  lostEvents: number
  lostCalls: number
  refused: number
  endsLimited: string | undefined
}

const sum = (counts: Record<string, number>) => Object.values(counts).reduce((total, count) => total + count, 0)
const defined = <T>(values: (T | undefined)[]) => values.filter(value => value !== undefined)
const medianOf = (values: (number | undefined)[]) => defined(values).length > 0 ? median(defined(values)) : undefined
/** What a busy neighbour adds is not the relay's: p99 is the best round's. */
const best = (values: (number | undefined)[]) => defined(values).length > 0 ? Math.min(...defined(values)) : undefined

export function compare({ rounds }: Workload): Compared[] {
  const peers = [...new Set(rounds.flat().map(run => run.peer))]
  const of = (peer: PeerName) => rounds.flatMap(round => round.filter(run => run.peer === peer))
  const direct = of('direct')
  const added = (runs: RunFigures[], up: 'upP50Ms' | 'upP99Ms', down: 'downP50Ms' | 'downP99Ms', pick: typeof best) => {
    const beyond = (field: typeof up | typeof down) => (pick(runs.map(run => run[field])) ?? Number.NaN) - (pick(direct.map(run => run[field])) ?? Number.NaN)
    return direct.length === 0 ? undefined : Math.max(beyond(up), beyond(down))
  }
  return peers.map(peer => {
    const runs = of(peer)
    const ratios = rounds.map(round => {
      const [own, nginx] = [peer, 'nginx'].map(name => round.find(run => run.peer === name)?.cpuMsPerSessionMinute)
      return own !== undefined && nginx ? own / nginx : undefined
    })
    return {
      peer,
      cpuMsPerSessionMinute: medianOf(runs.map(run => run.cpuMsPerSessionMinute)),
      timesNginx: medianOf(ratios),
      upP50Ms: medianOf(runs.map(run => run.upP50Ms))!, downP50Ms: medianOf(runs.map(run => run.downP50Ms))!,
      upP99Ms: best(runs.map(run => run.upP99Ms))!, downP99Ms: best(runs.map(run => run.downP99Ms))!,
      addedP50Ms: peer === 'direct' ? undefined : added(runs, 'upP50Ms', 'downP50Ms', best),
      addedP99Ms: peer === 'direct' ? undefined : added(runs, 'upP99Ms', 'downP99Ms', best),
      loopP99Ms: best(runs.map(run => run.loopP99Ms)),
      // Only the first round began with a process that nobody had called yet.
      kbPerSession: runs[0]?.kbPerSession,
      lostEvents: runs.reduce((total, run) => total + run.lostEvents, 0),
      lostCalls: runs.reduce((total, run) => total + sum(run.lostCalls), 0),
      refused: runs.reduce((total, run) => total + sum(run.refused), 0),
      endsLimited: runs.every(run => run.endsLimited) ? runs[0]?.endsLimited : undefined,
    }
  })
}
