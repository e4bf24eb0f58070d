import { createFrameClock } from './steady-clock.ts'
import type { FromMedia, ToMedia } from './media-messages.ts'
import type { Offer } from './offer.ts'
import { plainOffer } from './offer.ts'
import { openPeer, type Peer, type PeerPort } from './peer.ts'

/** One worker's peers: each costs about 1.5 % of a core (docs/decisions/0011). More ⇒ refused, before those that run suffer. */
export const MAX_PEERS = 50

export interface Peers {
  take(message: ToMedia): void
  close(): Promise<void>
}

export interface PeersOptions {
  post(message: FromMedia, transfer?: ArrayBuffer[]): void
  nowMs(): number
  setTimer(callback: () => void, delayMs: number): () => void
}

/** All peers of a worker, on one clock of 20 ms. */
export function createPeers({ post, nowMs, setTimer }: PeersOptions): Peers {
  const peers = new Map<number, Peer>()
  /** Numbers of peers that are being made; `false`: closed meanwhile. */
  const opening = new Map<number, boolean>()
  const clock = createFrameClock(nowMs())
  let stopTimer: (() => void) | undefined

  /** Runs only while there are peers. */
  function run() {
    const { from, to } = clock.due(nowMs())
    for (let frame = from; frame < to; frame++) for (const peer of [...peers.values()]) peer.tick(frame)
    stopTimer = peers.size > 0 ? setTimer(run, clock.waitMs(nowMs())) : undefined
  }

  const portOf = (peer: number): PeerPort => ({
    connected: () => post({ say: 'connected', peer }),
    event: text => post({ say: 'event', peer, text }),
    taken: bytes => post({ say: 'taken', peer, bytes }),
    channelClosed: () => post({ say: 'channel_closed', peer }),
    heard: samples => post({ say: 'heard', peer, samples }, [samples.buffer as ArrayBuffer]),
    sent: (generation, samples) => post({ say: 'sent', peer, generation, samples }),
    gone(end) {
      peers.delete(peer)
      post({ say: 'gone', peer, end })
    },
  })

  async function open({ peer, sdp, addresses, ports }: ToMedia & { do: 'open' }) {
    const read = plainOffer(sdp)
    if (!read.ok) return post({ say: 'refused', peer, why: 'offer', detail: read.detail })
    if (peers.size + opening.size >= MAX_PEERS) return post({ say: 'refused', peer, why: 'full', detail: `${MAX_PEERS} calls are running.` })
    opening.set(peer, true)
    const opened = await openTwice(read.offer, { addresses, ports, nowMs, port: portOf(peer) })
    const wanted = opening.get(peer)
    opening.delete(peer)
    if (!opened.ok) return post({ say: 'refused', peer, why: opened.why, detail: opened.detail })
    if (!wanted) return void opened.peer.close()
    peers.set(peer, opened.peer)
    if (!stopTimer) run()
    post({ say: 'answer', peer, sdp: opened.sdp })
  }

  return {
    take(message) {
      if (message.do === 'open') return void open(message)
      const peer = peers.get(message.peer)
      switch (message.do) {
        case 'voice': return peer?.push(message.samples, message.generation)
        case 'clear': return peer?.clear(message.generation)
        case 'event': return peer?.sendEvent(message.text)
        case 'close_channel': return peer?.closeChannel()
        case 'close':
          if (opening.has(message.peer)) opening.set(message.peer, false)
          peers.delete(message.peer)
          return void peer?.close()
        default: message satisfies never
      }
    },
    async close() {
      stopTimer?.()
      await Promise.all([...peers.values()].map(peer => peer.close()))
      peers.clear()
    },
  }
}

/** Another process may take a port of the range between the look and the binding: a second try finds the next one. */
async function openTwice(offer: Offer, options: Omit<Parameters<typeof openPeer>[0], 'offer'>) {
  const first = await openPeer({ offer, ...options })
  return first.ok || first.why !== 'no_udp' ? first : openPeer({ offer, ...options })
}
