/**
 * Both transports with the embedded engine in one run: how long until the first sound of an answer, what a minute of a call costs the
 * server's processor, and what the peers would do to the relay's event loop if they lived in it. `npm run build` first; `--calls 8`,
 * `--seconds 20`, `--rounds 2`. The figures to trust are ratios within one run. Linux only: it reads /proc.
 */
import { readFileSync } from 'node:fs'
import { once } from 'node:events'
import { monitorEventLoopDelay, performance } from 'node:perf_hooks'
import { Worker } from 'node:worker_threads'
import { encodePcm16, rms } from '@kaiwa/audio'
import { createMediaHost, mediaWorker, type MediaListener, type StartMediaThread } from '../server/webrtc/media-host.ts'
import { createPeers } from '../server/webrtc/peers.ts'
import { connectWebSocket } from '../test/contract/contract-client.ts'
import { typed, updated } from '../test/contract/clauses/talk.ts'
import { startKaiwa, type KaiwaServer } from '../test/fakes/kaiwa-server.ts'
import { rtcPeer } from '../test/fakes/rtc-peer.ts'

const option = (name: string, otherwise: number) => Number(process.argv[process.argv.indexOf(`--${name}`) + 1 || Infinity] ?? otherwise)
const CALLS = option('calls', 8)
const SECONDS = option('seconds', 20)
const ROUNDS = option('rounds', 2)
/** Kernel ticks: USER_HZ is 100 on every Linux. */
const MS_PER_TICK = 10

interface Talker { ask(): Promise<number>, end(): Promise<void> | void }
const asked = [typed('What is twelve times eleven?'), { type: 'response.create' }]
const wait = (ms: number) => new Promise(resolve => setTimeout(resolve, ms))
const median = (figures: number[]) => figures.toSorted((a, b) => a - b)[figures.length >> 1]!

function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
  return (Number(fields[11]) + Number(fields[12])) * MS_PER_TICK
}

/** Sends frames of 40 ms as the page does, and asks in writing, so that no recogniser is measured. */
async function overSocket(server: KaiwaServer): Promise<Talker> {
  const client = await connectWebSocket(`${server.address.replace('http', 'ws')}/v1/realtime`, { headers: { authorization: 'Bearer any' } })
  await client.next('session.created')
  client.send(updated({ audio: { input: { turn_detection: null } } }))
  const silence = encodePcm16(new Int16Array(960))
  const timer = setInterval(() => client.send({ type: 'input_audio_buffer.append', audio: silence }), 40)
  return {
    async ask() {
      const fromMs = performance.now()
      for (const event of asked) client.send(event)
      await client.next('response.output_audio.delta', 30_000)
      const tookMs = performance.now() - fromMs
      await client.next('response.done', 30_000)
      return tookMs
    },
    end() {
      clearInterval(timer)
      client.close()
    },
  }
}

async function overWebrtc(server: KaiwaServer): Promise<Talker> {
  const peer = await rtcPeer()
  const answer = await fetch(`${server.address}/v1/realtime/calls?model=kaiwa-local`, { method: 'POST', body: peer.offer, headers: { 'content-type': 'application/sdp', authorization: 'Bearer any' } })
  if (answer.status !== 201) throw new Error(`HTTP ${answer.status}: ${await answer.text()}`)
  await peer.connect(await answer.text())
  peer.send(updated({ audio: { input: { turn_detection: null } } }))
  await peer.next('session.updated')
  return {
    async ask() {
      const fromMs = performance.now()
      const before = peer.heard().length
      for (const event of asked) peer.send(event)
      while (rms(peer.heard().subarray(before)) < 0.003) await wait(5)
      const tookMs = performance.now() - fromMs
      await peer.next('output_audio_buffer.stopped', 30_000)
      return tookMs
    },
    end: () => peer.hangUp(),
  }
}

/** Some calls at once for so long, with an answer each: median of the first sounds, and processor time for a minute of one call. */
async function measure(open: (server: KaiwaServer) => Promise<Talker>, server: KaiwaServer) {
  const talkers: Talker[] = []
  for (let at = 0; at < CALLS; at++) talkers.push(await open(server))
  const firstMs: number[] = []
  for (const talker of talkers.slice(0, 4)) firstMs.push(await talker.ask())
  const [cpuFrom, from] = [cpuMs(server.pid), performance.now()]
  await Promise.all(talkers.map(talker => talker.ask()))
  await wait(Math.max(0, SECONDS * 1000 - (performance.now() - from)))
  const minutes = (performance.now() - from) / 60_000 * CALLS
  const cost = (cpuMs(server.pid) - cpuFrom) / minutes
  await Promise.all(talkers.map(talker => talker.end()))
  await wait(1000)
  return { firstMs: median(firstMs), cpuMsPerMinute: cost }
}

/** What the server's event loop suffers while calls begin in it or beside it, and while they send. Its longest stall, and what 99 % stay below. */
async function loopOf(start: StartMediaThread): Promise<{ begin: Loop, run: Loop }> {
  const host = createMediaHost(start)
  const listener: MediaListener = { connected() {}, event() {}, taken() {}, channelClosed() {}, heard() {}, sent() {}, gone() {} }
  const clients = new Worker(new URL('webrtc-clients.ts', import.meta.url))
  const ask = async (message: object) => {
    clients.postMessage(message)
    const [{ offers }] = await once(clients, 'message') as [{ offers: string[] }]
    return offers
  }
  const offers = await ask({ offers: CALLS })
  // The code is loaded and warm, as in a server that has had calls.
  const answer = async (sdp: string) => {
    const opened = await host.open({ sdp, addresses: ['127.0.0.1'], ports: undefined }, listener, new AbortController().signal)
    if (!opened.ok) throw new Error(opened.detail)
    return opened
  }
  const first = await answer(offers[0]!)
  first.media.close()
  const watchBegin = watchLoop()
  const answers = []
  for (const sdp of offers) answers.push((await answer(sdp)).sdp)
  await ask({ answers })
  const begin = watchBegin()
  const watchRun = watchLoop()
  await wait(4000)
  const run = watchRun()
  await host.close()
  await clients.terminate()
  return { begin, run }
}

interface Loop { p99Ms: number, maxMs: number, busy: number }

function watchLoop(): () => Loop {
  const delay = monitorEventLoopDelay({ resolution: 1 })
  const from = performance.eventLoopUtilization()
  delay.enable()
  return () => {
    delay.disable()
    return { p99Ms: delay.percentile(99) / 1e6, maxMs: delay.max / 1e6, busy: performance.eventLoopUtilization(from).utilization }
  }
}

const inThisThread: StartMediaThread = hear => {
  const peers = createPeers({ post: message => setImmediate(() => hear(message)), nowMs: () => performance.now(), setTimer(callback, delayMs) {
    const timer = setTimeout(callback, delayMs)
    return () => clearTimeout(timer)
  } })
  return { post: message => peers.take(message), end: () => peers.close() }
}

const server = await startKaiwa({ KAIWA_ALLOW_ANONYMOUS: 'true', KAIWA_MAX_CALLS_PER_USER: '200', KAIWA_STORE: 'none' })
try {
  await measure(overSocket, server)
  const rounds = []
  for (let round = 0; round < ROUNDS; round++) rounds.push({ socket: await measure(overSocket, server), webrtc: await measure(overWebrtc, server) })
  console.log(`${CALLS} calls at once, ${SECONDS} s, ${ROUNDS} rounds; an answer each, the microphone open and silent`)
  for (const { socket, webrtc } of rounds) {
    console.log(`  first sound: WebSocket ${socket.firstMs.toFixed(0)} ms, WebRTC ${webrtc.firstMs.toFixed(0)} ms (${(webrtc.firstMs - socket.firstMs).toFixed(0)} ms more)`)
    console.log(`  processor, each minute of a call: WebSocket ${socket.cpuMsPerMinute.toFixed(0)} ms, WebRTC ${webrtc.cpuMsPerMinute.toFixed(0)} ms (${(webrtc.cpuMsPerMinute / socket.cpuMsPerMinute).toFixed(1)} times)`)
  }
} finally {
  await server.stop()
}
console.log('the event loop of the server, with nothing else to do')
for (const [name, start] of [['peers in a worker', mediaWorker(new URL('../server/webrtc/media.worker.ts', import.meta.url))], ['peers in the loop', inThisThread]] as const) {
  const { begin, run } = await loopOf(start)
  const words = ({ p99Ms, maxMs, busy }: Loop) => `p99 ${p99Ms.toFixed(1)} ms, at worst ${maxMs.toFixed(1)} ms, ${(busy * 100).toFixed(0)} % busy`
  console.log(`  ${name}: while ${CALLS} calls begin ${words(begin)}; while they send ${words(run)}`)
}
process.exit()
