/** How many sessions one core carries, and what becomes of more. */
import { wait, type Child } from './children.ts'
import type { LoadFigures } from './commands.ts'
import type { Peer, RunningPeer } from './peers.ts'
import { connect, measureWindow, startLoad, startModel } from './run.ts'

const RELAY_CORE = 0
const ENDS_CORE = 1
const MAX_ADDED_P50_MS = 1
const MAX_LOOP_P99_MS = 25
const MAX_P99_MS = 100
const SETTLE_MS = 2500
/** Steps of admission that in a row took nobody: it is full. */
const ENOUGH_REFUSED = 2

export interface CapacityStep {
  callers: number
  refused: number
  lost: number
  upP50Ms: number
  upP99Ms: number
  downP99Ms: number
  cpuShare: number
  loopP99Ms: number
  endsLimited: string | undefined
}

export interface Capacity { steps: CapacityStep[], sessions: number, /** Why it went no further. */ because: string }

export interface CapacityOptions {
  from: number
  to: number
  step: number
  seconds: number
  /** Go on past the first bad step, to see who is refused. */
  overload: boolean
  note(step: CapacityStep): void
}

/** Adds callers step by step. The relay has a core of its own, both ends share another. */
export async function findCapacity(peer: Exclude<Peer, { missing: string }>, { from, to, step, seconds, overload, note }: CapacityOptions): Promise<Capacity> {
  const model = startModel(ENDS_CORE)
  const load = startLoad(ENDS_CORE)
  const relay = await peer.start(await model.ask<number>({ do: 'listen' }), RELAY_CORE)
  const steps: CapacityStep[] = []
  try {
    for (let wanted = from; wanted <= to; wanted += step) {
      const last = await takeStep(relay, load, model, wanted - (steps.at(-1)?.callers ?? 0), seconds)
      steps.push(last)
      note(last)
      const because = overload ? overloadEnd(steps) : capacityEnd(steps)
      if (because) return { steps, sessions: steps.findLast(isGood)?.callers ?? 0, because }
    }
    return { steps, sessions: steps.findLast(isGood)?.callers ?? 0, because: `no more than ${to} were tried` }
  } finally {
    await Promise.all([load.stop(), relay.stop(), model.stop()])
  }
}

async function takeStep(relay: RunningPeer, load: Child, model: Child, more: number, seconds: number): Promise<CapacityStep> {
  const { refused } = await connect(load, relay.target, more, 100)
  await wait(SETTLE_MS)
  const window = await measureWindow(relay, load, model, seconds)
  const { open, lost } = await load.ask<LoadFigures>({ do: 'read' })
  return {
    ...window, callers: open, cpuShare: window.cpuShare ?? 0, loopP99Ms: window.loopP99Ms ?? 0,
    refused: Object.values(refused).reduce((all, count) => all + count, 0), lost: Object.values(lost).reduce((all, count) => all + count, 0),
  }
}

/** With both ends on one core the first step stands in for `direct`. */
const isGood = (step: CapacityStep, index: number, steps: CapacityStep[]) =>
  step.upP50Ms - steps[0]!.upP50Ms <= MAX_ADDED_P50_MS && step.loopP99Ms <= MAX_LOOP_P99_MS

function capacityEnd(steps: CapacityStep[]): string | undefined {
  const last = steps.at(-1)!
  if (last.refused > 0) return `${last.refused} were refused`
  if (isGood(last, 0, steps)) return undefined
  return last.endsLimited ? `the ends were the limit (${last.endsLimited}); the relay used ${Math.round(last.cpuShare * 100)} % of its core` : `with ${last.callers} the relay was late`
}

function overloadEnd(steps: CapacityStep[]): string | undefined {
  const full = steps.slice(-ENOUGH_REFUSED)
  if (full.length === ENOUGH_REFUSED && full.every(step => step.refused > 0)) return 'new callers were refused'
  return Math.max(steps.at(-1)!.upP99Ms, steps.at(-1)!.downP99Ms) > MAX_P99_MS * 10 ? 'nobody was refused, and latency went away' : undefined
}
