/**
 * What relaying costs: Kaiwa's production server (`npm run build` first) against nginx, a relay as samples show it, bare `ws`, and nothing
 * between. `npm run bench -- relay` takes about four minutes; `--full` everything, a quarter of an hour. `--n 10,200`, `--seconds`,
 * `--rounds`, `--only nginx,kaiwa`, `--json`. The figures to trust are ratios within one run. Linux only: it reads /proc.
 */
import { residentKb, wait } from './relay/children.ts'
import { findCapacity, type CapacityStep } from './relay/capacity.ts'
import type { Workload } from './relay/figures.ts'
import { canPin, openFilesLimit, printMachine } from './relay/machine.ts'
import { readOptions, type BenchOptions } from './relay/options.ts'
import { findPeers, type Peer, type RunningPeer } from './relay/peers.ts'
import { run, startModel, type RunSpec } from './relay/run.ts'
import { stall } from './relay/stalled.ts'
import { measuredGoals, printGoals, printWorkload, type Measured } from './relay/table.ts'

type Startable = Exclude<Peer, { missing: string }>

const SETTLE_MS = 1000
/** A relay has two sockets for each caller, and some files of its own. */
const filesFor = (callers: number) => 2 * callers + 200

/** Interleaved: in each round every peer once, so that a slow minute of the machine is everyone's. */
async function compareAt(peers: readonly Startable[], spec: RunSpec, rounds: number): Promise<Workload> {
  const model = startModel()
  const modelPort = await model.ask<number>({ do: 'listen' })
  const running: RunningPeer[] = []
  const workload: Workload = { callers: spec.callers, frameMs: spec.frameMs, rounds: [] }
  try {
    for (const peer of peers) running.push(await peer.start(modelPort))
    await wait(SETTLE_MS)
    const idleKb = new Map(running.map(peer => [peer, peer.process && residentKb(peer.process.pid)]))
    for (let round = 0; round < rounds; round++) {
      const figures = []
      for (const peer of running) figures.push(await run(peer, model, spec, idleKb.get(peer)))
      workload.rounds.push(figures)
    }
  } finally {
    await Promise.all([...running.map(peer => peer.stop()), model.stop()])
  }
  printWorkload(workload)
  return workload
}

async function compareAll(peers: readonly Startable[], { numbers, seconds, rounds, full }: BenchOptions): Promise<Workload[]> {
  const workloads: Workload[] = []
  const specs = [...numbers.map(callers => ({ callers, frameMs: 100 })), ...(numbers.includes(200) ? [{ callers: 200, frameMs: 20 }] : [])]
  for (const spec of specs) {
    if (openFilesLimit() < filesFor(spec.callers)) {
      console.log(`${spec.callers} callers left out: a process may open ${openFilesLimit()} files here (ulimit -Hn).`)
      continue
    }
    const headline = spec.callers === 200 && spec.frameMs === 100
    const those = full || headline ? peers : peers.filter(peer => peer.name !== 'kaiwa-page' && peer.name !== 'naive')
    workloads.push(await compareAt(those, { ...spec, seconds, warmSeconds: full ? 5 : 2 }, full || headline ? rounds : 1))
  }
  return workloads
}

async function stallAll(peers: readonly Startable[]): Promise<Record<string, number>> {
  console.log('\nten minutes of audio to a caller that has stopped reading')
  const kb: Record<string, number> = {}
  for (const peer of peers) {
    const { kbPerCaller, residentKbPerCaller, heldBack } = await stall(peer)
    kb[peer.name] = kbPerCaller
    console.log(`  ${peer.name.padEnd(12)}${Math.round(kbPerCaller).toString().padStart(8)} kB held by each (the process grew by ${Math.round(residentKbPerCaller)}), the model ${heldBack ? 'had to wait' : 'got rid of all of it'}`)
  }
  return kb
}

function printStep({ callers, refused, upP50Ms, upP99Ms, downP99Ms, cpuShare, loopP99Ms, lost, endsLimited }: CapacityStep) {
  console.log(`  ${String(callers).padStart(5)} sessions: ${Math.round(cpuShare * 100)} % of the core, up p50 ${upP50Ms.toFixed(2)} p99 ${upP99Ms.toFixed(1)} ms, down p99 ${downP99Ms.toFixed(1)} ms, `
    + `loop p99 ${loopP99Ms.toFixed(1)} ms; ${refused} refused, ${lost} lost${endsLimited ? ` (ends: ${endsLimited})` : ''}`)
}

async function fillCore(peers: readonly Startable[], seconds: number): Promise<Record<string, number>> {
  if (!canPin()) {
    console.log('\nCapacity is left out: it takes two cores and taskset.')
    return {}
  }
  const sessions: Record<string, number> = {}
  const to = Math.floor(openFilesLimit() / 2) - 200
  for (const peer of peers) {
    console.log(`\nsessions on one core: ${peer.name}`)
    const found = await findCapacity(peer, { from: 400, to: Math.min(4000, to), step: 200, seconds, overload: false, note: printStep })
    console.log(`  ${found.sessions}; ${found.because}`)
    sessions[peer.name] = found.sessions
  }
  for (const peer of peers.filter(one => one.name === 'kaiwa')) {
    console.log('\nmore callers than fit: kaiwa')
    const found = await findCapacity(peer, { from: 800, to: Math.min(6000, to), step: 400, seconds, overload: true, note: printStep })
    console.log(`  ${found.because}`)
  }
  return sessions
}

async function measure(options: BenchOptions) {
  printMachine()
  const peers = await findPeers(options.only)
  for (const peer of peers) if ('missing' in peer) console.log(`${peer.name} is left out: ${peer.missing}.`)
  const startable = peers.filter((peer): peer is Startable => !('missing' in peer))
  const relays = startable.filter(peer => !['direct', 'nginx', 'kaiwa-page'].includes(peer.name))
  const workloads = await compareAll(startable, options)
  const measured: Measured = measuredGoals(workloads)
  measured.stalled = await stallAll(options.full ? relays : relays.filter(peer => peer.name === 'kaiwa'))
  if (options.full) measured.capacity = await fillCore(relays, 5)
  else console.log('\nLeft out, for time: 10 and 100 callers, naive and page at 1000 and with 20 ms frames, more than one round of those, sessions on one core, overload. `--full` does it all.')
  printGoals(measured)
  if (options.json) console.log(JSON.stringify({ workloads, measured }))
}

try {
  await measure(readOptions(process.argv.slice(2)))
  process.exit()
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exit(1)
}
