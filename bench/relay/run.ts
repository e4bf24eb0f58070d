/** One run: so many callers through one relay for so long. */
import { fileURLToPath } from 'node:url'
import { cpuSeconds, residentKb, startChild, wait, type Child } from './children.ts'
import type { Connected, LoadFigures, ModelFigures, Target } from './commands.ts'
import type { PeerName, RunningPeer } from './peers.ts'

export interface RunSpec { callers: number, frameMs: number, seconds: number, warmSeconds: number, /** For load and model. */ endsCore?: number }

export interface RunFigures {
  peer: PeerName
  callers: number
  refused: Record<string, number>
  /** Undefined without a relay. */
  cpuMsPerSessionMinute: number | undefined
  /** Share of one core. */
  cpuShare: number | undefined
  upP50Ms: number
  upP99Ms: number
  downP50Ms: number
  downP99Ms: number
  loopP99Ms: number | undefined
  kbPerSession: number | undefined
  /** Events that one end sent and the other never got; calls that ended unasked. */
  lostEvents: number
  lostCalls: Record<string, number>
  /** The ends themselves were at their limit: the figures say nothing of the relay. */
  endsLimited: string | undefined
}

const file = (name: string) => fileURLToPath(new URL(name, import.meta.url))
const MARGIN_MS = 700
const AGAIN = 8
const AGAIN_MS = 1000

export const startModel = (core?: number) => startChild(process.execPath, [file('model-process.ts')], { core })
export const startLoad = (core?: number) => startChild(process.execPath, [file('load-process.ts')], { core })
export const connect = (load: Child, target: Target, callers: number, frameMs: number) => load.ask<Connected>({ do: 'connect', target, callers, frameMs })

/** A relay may send callers away while it is warm from the last ones, or while a neighbour has the machine: they come again. */
async function connectAll(load: Child, target: Target, { callers, frameMs }: RunSpec): Promise<Connected> {
  let { open, refused } = await connect(load, target, callers, frameMs)
  for (let tries = 0; tries < AGAIN && open < callers; tries++) {
    await wait(AGAIN_MS)
    const more = await connect(load, target, callers - open, frameMs)
    open += more.open
    refused = more.refused
  }
  return { open, refused }
}

/** Measures a peer that is running. `idleKb`: its memory before anyone called. */
export async function run(peer: RunningPeer, model: Child, spec: RunSpec, idleKb: number | undefined): Promise<RunFigures> {
  await model.ask({ do: 'forget' })
  const load = startLoad(spec.endsCore)
  try {
    const { open, refused } = await connectAll(load, peer.target, spec)
    if (open === 0) throw new Error(`${peer.name} took no call: ${JSON.stringify(refused)}`)
    await wait(spec.warmSeconds * 1000)
    const window = await measureWindow(peer, load, model, spec.seconds)
    await load.ask({ do: 'hush' })
    await wait(MARGIN_MS)
    const [sentUp, gotUp] = [await load.ask<LoadFigures>({ do: 'read' }), await model.ask<ModelFigures>({ do: 'read' })]
    const { pid } = peer.process ?? {}
    return {
      peer: peer.name, callers: open, refused, ...window,
      cpuMsPerSessionMinute: window.cpuShare === undefined ? undefined : window.cpuShare * 60_000 / carried(window, spec.frameMs),
      kbPerSession: pid === undefined || idleKb === undefined ? undefined : (residentKb(pid) - idleKb) / open,
      lostEvents: Math.max(0, sentUp.sent - gotUp.received), lostCalls: sentUp.lost,
    }
  } finally {
    await load.ask({ do: 'leave' }).catch(() => undefined)
    await load.stop()
  }
}

/** The figures of the next seconds of a load that is already there. */
export async function measureWindow(peer: RunningPeer, load: Child, model: Child, seconds: number) {
  const { pid } = peer.process ?? {}
  if (peer.probed) await peer.process!.ask({ do: 'mark' })
  await Promise.all([load.ask({ do: 'mark' }), model.ask({ do: 'mark' })])
  const [cpu0, at0] = [pid === undefined ? 0 : cpuSeconds(pid), performance.now()]
  await wait(seconds * 1000)
  const [cpu1, at1] = [pid === undefined ? 0 : cpuSeconds(pid), performance.now()]
  const [down, up] = await Promise.all([load.ask<LoadFigures>({ do: 'read' }), model.ask<ModelFigures>({ do: 'read' })])
  return {
    cpuShare: pid === undefined ? undefined : (cpu1 - cpu0) * 1000 / (at1 - at0),
    appendsPerSecond: up.latency.count * 1000 / (at1 - at0),
    upP50Ms: up.latency.p50Ms, upP99Ms: up.latency.p99Ms, downP50Ms: down.latency.p50Ms, downP99Ms: down.latency.p99Ms,
    loopP99Ms: peer.probed ? await peer.process!.ask<number>({ do: 'read' }) : undefined,
    endsLimited: limitOf(down, up),
  }
}

/** Callers' worth of speech that got through: a machine that can't keep the pace carries fewer than there are, at less CPU. */
const carried = ({ appendsPerSecond }: { appendsPerSecond: number }, frameMs: number) => appendsPerSecond * frameMs / 1000

function limitOf(load: LoadFigures, model: ModelFigures): string | undefined {
  if (load.busy > 0.9) return `load generator ${Math.round(load.busy * 100)} % busy`
  if (model.busy > 0.9) return `model ${Math.round(model.busy * 100)} % busy`
  return load.late > 0.05 ? `${Math.round(load.late * 100)} % of appends left late` : undefined
}
