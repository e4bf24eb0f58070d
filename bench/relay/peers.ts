/** What is compared: each a relay in a process of its own, but `direct`, which is none. */
import { randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort } from '../../test/fakes/kaiwa-server.ts'
import { serverFlags } from '../../scripts/steps/server-flags.mjs'
import { startChild, wait, type Child } from './children.ts'
import type { Target } from './commands.ts'
import { buildNaiveRelay } from './naive-relay.ts'
import { findNginx, nginxArguments } from './nginx.ts'

export const PEERS = ['direct', 'nginx', 'naive', 'bare', 'kaiwa', 'kaiwa-page'] as const
export type PeerName = typeof PEERS[number]

export interface RunningPeer {
  name: PeerName
  target: Target
  /** Undefined: there is none. */
  process: Child | undefined
  /** Its event loop can be asked after. */
  probed: boolean
  stop(): Promise<void>
}

/** Either can be started, or why not. */
export type Peer = { name: PeerName, start(modelPort: number, core?: number): Promise<RunningPeer> } | { name: PeerName, missing: string }

const READY_MS = 20_000
const here = (file: string) => fileURLToPath(new URL(file, import.meta.url))
const probe = ['--import', here('loop-probe.mjs')]
const realtime = (port: number) => `ws://127.0.0.1:${port}/v1/realtime?model=gpt-realtime-2.1`

/** Gets ready whatever has to be built or found. */
export async function findPeers(names: readonly PeerName[]): Promise<Peer[]> {
  const naive = names.includes('naive') ? await buildNaiveRelay() : ''
  const nginx = findNginx()
  return names.map((name): Peer => {
    switch (name) {
      case 'direct': return { name, start: async modelPort => nothingBetween(modelPort) }
      case 'nginx': return 'missing' in nginx ? { name, ...nginx } : { name, start: (modelPort, core) => startNginx(nginx, modelPort, core) }
      case 'naive': return { name, start: (modelPort, core) => startNaive(naive, modelPort, core) }
      case 'bare': return { name, start: startBare }
      case 'kaiwa': case 'kaiwa-page': return kaiwaPeer(name)
      default: return name satisfies never
    }
  })
}

const nothingBetween = (modelPort: number): RunningPeer =>
  ({ name: 'direct', target: { url: realtime(modelPort), headers: {} }, process: undefined, probed: false, stop: async () => undefined })

const running = (name: PeerName, url: string, child: Child, probed = true): RunningPeer =>
  ({ name, target: { url, headers: {} }, process: child, probed, stop: child.stop })

async function startNginx(nginx: { path: string, dir: string }, modelPort: number, core?: number): Promise<RunningPeer> {
  const port = await freePort()
  const child = startChild(nginx.path, nginxArguments(nginx, port, modelPort), { core, answers: false })
  await untilAnswers(`http://127.0.0.1:${port}/`, child)
  return running('nginx', realtime(port), child, false)
}

async function startNaive(entry: string, modelPort: number, core?: number): Promise<RunningPeer> {
  const port = await freePort()
  const env = { PATH: process.env.PATH, NODE_ENV: 'production', HOST: '127.0.0.1', PORT: String(port), UPSTREAM: realtime(modelPort) }
  const child = startChild(process.execPath, [...probe, entry], { env, core })
  await untilAnswers(`http://127.0.0.1:${port}/`, child)
  return running('naive', `ws://127.0.0.1:${port}/realtime`, child)
}

async function startBare(modelPort: number, core?: number): Promise<RunningPeer> {
  const port = await freePort()
  const env = { PATH: process.env.PATH, NODE_ENV: 'production' }
  const child = startChild(process.execPath, [...probe, here('bare-process.mjs'), JSON.stringify({ upstream: realtime(modelPort), port })], { core, env })
  await child.untilSaid('ready')
  return running('bare', realtime(port), child)
}

function kaiwaPeer(name: 'kaiwa' | 'kaiwa-page'): Peer {
  const entry = here('../../.output/server/index.mjs')
  return existsSync(entry) ? { name, start: (modelPort, core) => startKaiwa(name, entry, modelPort, core) } : { name, missing: 'there is no build: `npm run build` first' }
}

/** The production server with everything on that costs something in a call. */
async function startKaiwa(name: 'kaiwa' | 'kaiwa-page', entry: string, modelPort: number, core?: number): Promise<RunningPeer> {
  const port = await freePort()
  const dataDir = mkdtempSync(join(tmpdir(), 'kaiwa-bench-data-'))
  const forget = () => rmSync(dataDir, { recursive: true, force: true })
  process.once('exit', forget)
  const [token, password] = [randomBytes(16).toString('hex'), randomBytes(16).toString('hex')]
  const env = {
    PATH: process.env.PATH, HOME: process.env.HOME, NODE_ENV: 'production', PORT: String(port), KAIWA_DATA_DIR: dataDir, KAIWA_DRAIN_SECONDS: '0',
    OPENAI_API_KEY: 'bench-key', OPENAI_BASE_URL: `http://127.0.0.1:${modelPort}/v1`, KAIWA_API_TOKENS: `bench:${token}`, KAIWA_PASSWORD: password,
    KAIWA_MAX_CALLS: '20000', KAIWA_MAX_CALLS_PER_USER: '20000', KAIWA_BUDGET_USD_PER_CALL: '10000', KAIWA_BUDGET_USD_PER_USER_DAY: '10000', KAIWA_BUDGET_USD_PER_DAY: '10000',
  }
  const child = startChild(process.execPath, [...serverFlags, ...probe, entry], { env, core, cwd: here('../..') })
  const address = `http://127.0.0.1:${port}`
  await untilAnswers(`${address}/readyz`, child)
  const peer = running(name, realtime(port), child)
  peer.target = name === 'kaiwa' ? { ...peer.target, headers: { Authorization: `Bearer ${token}` } } : await pageTarget(address, realtime(port), password)
  return { ...peer, stop: () => child.stop().finally(forget) }
}

/** As a browser that has signed in. */
async function pageTarget(address: string, url: string, password: string): Promise<Target> {
  const headers = { Origin: address, 'Content-Type': 'application/json' }
  const answer = await fetch(`${address}/api/login`, { method: 'POST', headers, body: JSON.stringify({ password }) })
  const cookie = answer.headers.getSetCookie().map(line => line.split(';')[0]).join('; ')
  return { url: url.split('?')[0]!, headers: { Origin: address, ...(cookie ? { Cookie: cookie } : {}) }, ticketsFrom: `${address}/api/calls` }
}

async function untilAnswers(url: string, child: Child) {
  const untilMs = performance.now() + READY_MS
  while (performance.now() < untilMs && !child.gone) {
    if (await fetch(url).then(answer => url.endsWith('readyz') ? answer.ok : true, () => false)) return
    await wait(30)
  }
  await child.stop()
  throw new Error(`A relay didn't answer at ${url}: ${child.log().slice(-2000)}`)
}
