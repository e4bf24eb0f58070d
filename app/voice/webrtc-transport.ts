import { requestCall } from './call-request.ts'
import type { CallWish } from './call-request.ts'
import { createEventMerge } from './event-merge.ts'
import { openHouseSocket } from './house-socket.ts'
import type { HouseSocket } from './house-socket.ts'
import { noServer } from './transport.ts'
import type { PageEvent, Route, Transport, TransportState, WayFault } from './transport.ts'
import { connectingUntil, deadlineOf, stepHealth } from './webrtc-health.ts'
import type { WebRtcEvent } from './webrtc-health.ts'
import { callIdOf, sendOffer } from './webrtc-offer.ts'
import { openPeer } from './webrtc-peer.ts'
import type { Peer, PeerEnv } from './webrtc-peer.ts'
import { browserEnv as socketEnv } from './websocket-transport.ts'
import type { WebSocketEnv } from './websocket-transport.ts'

/**
 * The voices straight to whoever answers, the server still in charge: the offer goes through it, and a socket of the house carries its own
 * events (`kaiwa.*`) and, where the server lets no channel past it, all others.
 */

export interface WebRtcEnv extends WebSocketEnv, PeerEnv {}

/** Said before the way is open; a session has said a handful of things by then. Full ⇒ the oldest goes. */
const MAX_EARLY_EVENTS = 200
const faults: Record<WayFault, { reason: string, detail: string }> = {
  unsupported: { reason: 'webrtc_failed', detail: 'This browser has no WebRTC for the page.' },
  refused: { reason: 'webrtc_failed', detail: 'The server answered no WebRTC offer.' },
  unreached: { reason: 'webrtc_failed', detail: 'No WebRTC connection came about in time. A firewall may keep UDP back.' },
  lost: { reason: 'webrtc_failed', detail: 'The WebRTC connection broke off.' },
}

/** Connects at once; listeners set in the same turn miss nothing. `patienceMs`: after that it is given up. */
export function openWebRtcTransport({ patienceMs }: { patienceMs: number }, env: WebRtcEnv = browserEnv(), conversation?: CallWish['conversation']): Transport {
  const cancel = new AbortController()
  const events = new Set<(text: string) => void>()
  const states = new Set<(state: TransportState) => void>()
  const beganMs = env.nowMs()
  let health = connectingUntil(beganMs + patienceMs)
  let route: Route = { kind: 'webrtc' }
  let peer: Peer | undefined
  let house: HouseSocket | undefined
  let voice: MediaStream | undefined
  let microphone: MediaStreamTrack | undefined
  let onVoice: ((voice: MediaStream) => void) | undefined
  let peerState: RTCPeerConnectionState = 'new'
  let channelOpen = false
  let early: string[] | undefined = []
  let closed = false
  let stopTimer = () => {}

  const report = (state: TransportState) => {
    if (closed) return
    if (state.phase === 'closed') release()
    for (const listener of states) listener(state)
  }
  const receive = (text: string) => {
    if (closed) return
    if (early) early = [...early, text].slice(-MAX_EARLY_EVENTS)
    else for (const listener of events) listener(text)
  }
  const merge = createEventMerge(receive)
  const fail = (way: WayFault, said: { code?: number, reason?: string, detail?: string } = {}) =>
    report({ phase: 'closed', code: noServer, ...faults[way], ...said, way, silentMs: peer?.silentMs })

  function release() {
    closed = true
    stopTimer()
    cancel.abort()
    peer?.close()
    house?.close()
  }

  function take(event: WebRtcEvent) {
    if (closed) return
    const before = health
    health = stepHealth(health, event, env.nowMs())
    stopTimer()
    const dueMs = deadlineOf(health)
    stopTimer = dueMs === undefined ? () => {} : env.setTimer(() => take({ type: 'time' }), Math.max(1, dueMs - env.nowMs()))
    if (health.name === 'over') return fail(health.why)
    if (health.name === 'open' && before.name === 'connecting') begin()
  }
  const look = () => take({ type: 'peer', state: peerState, reachable: channelOpen || house?.open === true })

  function begin() {
    route = { ...route, connectedInMs: Math.round(env.nowMs() - beganMs) }
    report({ phase: 'open' })
    const waiting = early ?? []
    early = undefined
    for (const text of waiting) for (const listener of events) if (!closed) listener(text)
  }

  function openHouse(ticket: string, callId: string) {
    house = openHouseSocket(env, { ticket, callId }, {
      receive: merge.fromSocket,
      onOpen: look,
      // A server that has ended the call says why; a socket that only broke, for good, leaves the events without their way.
      onOver(state, broke) {
        if (broke || state.reason.endsWith('sideband_lost')) fail(early ? 'refused' : 'lost')
        else report(state)
      },
    })
  }

  async function connect() {
    report({ phase: 'connecting' })
    take({ type: 'time' })
    try {
      peer = openPeer(env, {
        onState(state) {
          peerState = state
          look()
        },
        onChannel() {
          channelOpen = true
          look()
        },
        // Without a house there is no other way.
        onEvent: text => house ? merge.fromChannel(text) : receive(text),
        onVoice(stream) {
          voice = stream
          onVoice?.(stream)
        },
      })
      peer.setMicrophone(microphone)
    } catch {
      return fail('unsupported')
    }
    const [answer, sdp] = await Promise.all([requestCall(env, cancel.signal, { transport: 'webrtc', conversation }), peer.offer().catch(() => '')])
    if (closed) return
    if (!answer.ok) return report({ phase: 'closed', ...answer })
    if (sdp === '') return fail('unsupported')
    await agree(peer, sdp, answer.ticket)
  }

  async function agree(opened: Peer, sdp: string, ticket: string) {
    const answered = await sendOffer(env, { sdp, ticket }, cancel.signal)
    if (closed) return
    if (!answered.ok) return fail('refused', { code: answered.code, reason: answered.reason, detail: answered.detail })
    const callId = callIdOf(answered.location)
    if (answered.houseTicket !== undefined && callId !== undefined) openHouse(answered.houseTicket, callId)
    await opened.accept(answered.sdp).catch(() => fail('refused', { detail: 'The server’s answer to the WebRTC offer could not be used.' }))
  }

  // A turn later, so that whoever opened us has set its listeners.
  queueMicrotask(() => { if (!closed) void connect() })

  return {
    send(event: PageEvent) {
      if (closed || early) return
      const text = JSON.stringify(event)
      if (!peer?.send(text)) house?.send(text)
    },
    onEvent(listener) { events.add(listener) },
    onState(listener) { states.add(listener) },
    close: () => { if (!closed) release() },
    get unsentBytes() { return (peer?.unsentBytes ?? 0) + (house?.unsentBytes ?? 0) },
    media: {
      setMicrophone(track) {
        microphone = track
        peer?.setMicrophone(track)
      },
      onVoice(listener) {
        onVoice = listener
        if (voice) listener(voice)
      },
      get network() { return peer?.network ?? {} },
    },
    get route() { return route },
  }
}

function browserEnv(): WebRtcEnv {
  return {
    ...socketEnv(),
    nowMs: () => performance.now(),
    createConnection() {
      if (typeof RTCPeerConnection === 'undefined') throw new Error('This browser has no peer connections.')
      return new RTCPeerConnection({ iceServers: [] })
    },
  }
}
