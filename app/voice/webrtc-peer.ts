import { firstLook, readStats } from './webrtc-stats.ts'
import type { NetworkFacts } from './transport.ts'

/** The browser's end of a WebRTC call: one voice each way, and a channel for events. Knows nothing of calls and tickets. */

export interface PeerPorts {
  onState: (state: RTCPeerConnectionState) => void
  /** An event of the other side. */
  onEvent: (text: string) => void
  /** The channel for events has opened. */
  onChannel: () => void
  onVoice: (voice: MediaStream) => void
}

export interface Peer {
  /** What the other side is to answer. Rejects when this browser can't make one. */
  offer(): Promise<string>
  /** Rejects when it isn't an answer to our offer. */
  accept(answer: string): Promise<void>
  setMicrophone(track: MediaStreamTrack | undefined): void
  /** @returns whether there is a channel that takes it */
  send(text: string): boolean
  readonly unsentBytes: number
  readonly network: NetworkFacts
  /** Since something came from the other side, as far as the browser was asked. */
  readonly silentMs: number
  close(): void
}

export interface PeerEnv {
  /** @throws when the browser has none, or forbids it */
  createConnection: () => RTCPeerConnection
  setTimer: (callback: () => void, delayMs: number) => () => void
  /** Monotonic. */
  nowMs: () => number
}

/** How often the browser is asked how well it goes: often enough that "now" means now. */
const STATS_EVERY_MS = 1000
/** The API's name for it. */
const CHANNEL = 'oai-events'

/** @throws whatever `createConnection` throws */
export function openPeer(env: PeerEnv, ports: PeerPorts): Peer {
  const connection = env.createConnection()
  // With a sender from the beginning: a microphone may come later, change and go without another offer.
  const sender = connection.addTransceiver('audio', { direction: 'sendrecv' }).sender
  const channel = connection.createDataChannel(CHANNEL)
  let closed = false
  let look = firstLook
  let network: NetworkFacts = {}
  let signMs = env.nowMs()
  let stopTimer = () => {}

  channel.onopen = () => { if (!closed) ports.onChannel() }
  channel.onmessage = ({ data }) => { if (!closed && typeof data === 'string') ports.onEvent(data) }
  connection.onconnectionstatechange = () => { if (!closed) ports.onState(connection.connectionState) }
  connection.ontrack = ({ track, streams: [stream] }) => { if (!closed) ports.onVoice(stream ?? new MediaStream([track])) }

  async function measure(): Promise<void> {
    const report = await connection.getStats().catch(() => undefined)
    if (closed) return
    const before = look
    if (report) ({ look, facts: network } = readStats(valuesOf(report), look, network))
    if (look.signs !== before.signs) signMs = env.nowMs()
    stopTimer = env.setTimer(() => { void measure() }, STATS_EVERY_MS)
  }

  return {
    async offer() {
      await connection.setLocalDescription()
      return connection.localDescription?.sdp ?? ''
    },
    async accept(sdp) {
      await connection.setRemoteDescription({ type: 'answer', sdp })
      stopTimer = env.setTimer(() => { void measure() }, STATS_EVERY_MS)
    },
    setMicrophone(track) {
      // One that ended meanwhile is refused; then there is nothing to hear, and a new one comes.
      sender.replaceTrack(track ?? null).catch(() => undefined)
    },
    send(text) {
      if (closed || channel.readyState !== 'open') return false
      channel.send(text)
      return true
    },
    get unsentBytes() { return channel.bufferedAmount },
    get network() { return network },
    get silentMs() { return env.nowMs() - signMs },
    close() {
      if (closed) return
      closed = true
      stopTimer()
      connection.close()
    },
  }
}

function valuesOf(report: RTCStatsReport): Record<string, unknown>[] {
  const values: Record<string, unknown>[] = []
  report.forEach((stats: Record<string, unknown>) => values.push(stats))
  return values
}
