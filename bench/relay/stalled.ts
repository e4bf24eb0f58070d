/** A browser that stops reading while the model sends ten minutes of audio as fast as it goes. */
import { residentKb, wait } from './children.ts'
import type { ModelFigures } from './commands.ts'
import type { Peer } from './peers.ts'
import { connect, startLoad, startModel } from './run.ts'
import { DELTA_MS } from './workload.ts'

/** More than one, so that what each takes stands out from what a heap does by itself. */
const CALLERS = 10
const TEN_MINUTES_OF_DELTAS = 600_000 / DELTA_MS
const WARM_DELTAS = 300
const WATCH_MS = 7000
const LOOK_MS = 100

export interface Stalled {
  /** Held after a collection. */
  kbPerCaller: number
  /** By which the process grew at most, what was waiting to be collected included. */
  residentKbPerCaller: number
  /** The model couldn't get rid of all of it: the relay stopped reading. */
  heldBack: boolean
}

export async function stall(peer: Exclude<Peer, { missing: string }>): Promise<Stalled> {
  const model = startModel()
  const relay = await peer.start(await model.ask<number>({ do: 'listen' }))
  const load = startLoad()
  try {
    await connect(load, relay.target, CALLERS, 100)
    // As much again as will be sent later passes first: a heap that has grown for traffic is not a caller's.
    await model.ask({ do: 'flood', deltas: WARM_DELTAS })
    await wait(3000)
    await load.ask({ do: 'stall' })
    const { pid } = relay.process!
    const [beforeKb, beforeBytes] = [residentKb(pid), await relay.process!.ask<number>({ do: 'held' })]
    await model.ask({ do: 'flood', deltas: TEN_MINUTES_OF_DELTAS })
    let mostKb = beforeKb
    for (let ms = 0; ms < WATCH_MS; ms += LOOK_MS) {
      await wait(LOOK_MS)
      mostKb = Math.max(mostKb, residentKb(pid))
    }
    const { unsentBytes } = await model.ask<ModelFigures>({ do: 'read' })
    const heldBytes = await relay.process!.ask<number>({ do: 'held' })
    return { kbPerCaller: (heldBytes - beforeBytes) / 1024 / CALLERS, residentKbPerCaller: (mostKb - beforeKb) / CALLERS, heldBack: unsentBytes > 0 }
  } finally {
    await Promise.all([load.stop(), relay.stop(), model.stop()])
  }
}
