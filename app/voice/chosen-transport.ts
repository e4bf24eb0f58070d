import type { CallWish } from './call-request.ts'
import { createNetworkMemory } from './network-memory.ts'
import type { NetworkMemory } from './network-memory.ts'
import { firstWay, isOfNetwork, nextWay } from './transport-choice.ts'
import type { Way } from './transport-choice.ts'
import type { Route, Transport, TransportState, TransportWish } from './transport.ts'
import { openWebRtcTransport } from './webrtc-transport.ts'
import { openWebSocketTransport } from './websocket-transport.ts'

/** One transport to whoever talks: the first way that does, and another one when it fails, in the middle of a call too. */

export interface ChosenEnv {
  openWebRtc: (options: { patienceMs: number }) => Transport
  openWebSocket: () => Transport
  memory: NetworkMemory
  supported: () => boolean
  /** Whether the server answers WebRTC offers, as it told with the page. @default it does */
  answered?: () => boolean
}

/** Connects at once; listeners set in the same turn miss nothing. */
export function openChosenTransport(wish: TransportWish, env: ChosenEnv = chosenEnv()): Transport {
  const events = new Set<(text: string) => void>()
  const states = new Set<(state: TransportState) => void>()
  let microphone: MediaStreamTrack | undefined
  let voice: MediaStream | undefined
  let onVoice: ((voice: MediaStream) => void) | undefined
  let way = firstWay(wish, { supported: env.supported(), answered: env.answered?.() ?? true, failedBefore: env.memory.failed() })
  let told = false
  let closed = false
  let current = open(way)

  const report = (state: TransportState) => { for (const listener of states) listener(state) }

  function open(next: Way): Transport {
    const transport = next.kind === 'webrtc' ? env.openWebRtc({ patienceMs: next.patienceMs }) : env.openWebSocket()
    let wasOpen = false
    if (microphone) transport.media?.setMicrophone(microphone)
    transport.media?.onVoice(stream => {
      if (transport !== current) return
      voice = stream
      onVoice?.(stream)
    })
    transport.onEvent(text => { if (!closed && transport === current) for (const listener of events) listener(text) })
    transport.onState(state => {
      if (closed || transport !== current) return
      if (state.phase === 'connecting' && told) return
      told = true
      if (state.phase === 'open') {
        wasOpen = true
        if (next.kind === 'webrtc') env.memory.forget()
      }
      if (state.phase !== 'closed') return report(state)
      over(state, wasOpen)
    })
    return transport
  }

  function over(state: Extract<TransportState, { phase: 'closed' }>, wasOpen: boolean) {
    if (isOfNetwork(state.way)) env.memory.remember()
    const next = nextWay(wish, { kind: way.kind, fault: state.way, wasOpen })
    if (!next) {
      closed = true
      return report(state)
    }
    way = next
    voice = undefined
    // Who is told may close us.
    if (wasOpen) report({ phase: 'moving', silentMs: state.silentMs ?? 0 })
    if (!closed) current = open(way)
  }

  const media: NonNullable<Transport['media']> = {
    setMicrophone(track) {
      microphone = track
      current.media?.setMicrophone(track)
    },
    onVoice(listener) {
      onVoice = listener
      if (voice) listener(voice)
    },
    get network() { return current.media?.network ?? {} },
  }
  return {
    send: event => current.send(event),
    onEvent(listener) { events.add(listener) },
    onState(listener) { states.add(listener) },
    close() {
      closed = true
      current.close()
    },
    get unsentBytes() { return current.unsentBytes },
    get media() { return way.kind === 'webrtc' ? media : undefined },
    get route(): Route { return { ...current.route, kind: way.kind, ...way.instead ? { instead: way.instead } : {} } },
  }
}

/** Where nothing may be stored, nothing is remembered. */
function storageOfPage(): Storage | undefined {
  try {
    return globalThis.localStorage
  } catch {
    return undefined
  }
}

/** The browser's own. `conversation`: which one its calls belong to; `answered`: whether the server has WebRTC. */
export function chosenEnv(conversation?: CallWish['conversation'], answered?: () => boolean): ChosenEnv {
  return {
    openWebRtc: options => openWebRtcTransport(options, undefined, conversation),
    openWebSocket: () => openWebSocketTransport(undefined, conversation),
    memory: createNetworkMemory({
      storage: storageOfPage(),
      nowMs: () => Date.now(),
      connection: () => (globalThis.navigator as { connection?: { type?: unknown } } | undefined)?.connection,
    }),
    ...answered ? { answered } : {},
    supported: () => typeof RTCPeerConnection !== 'undefined',
  }
}
