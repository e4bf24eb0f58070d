import { Worker } from 'node:worker_threads'
import type { FromMedia, MediaEnd, Refusal, ToMedia } from './media-messages.ts'

/** What one call hears of its media. */
export interface MediaListener {
  connected(): void
  event(text: string | undefined): void
  taken(bytes: number): void
  channelClosed(): void
  heard(samples: Int16Array): void
  sent(generation: number, samples: number): void
  /** Once, and nothing after it. */
  gone(end: MediaEnd): void
}

/** One call's media, as the server holds it. */
export interface Media {
  voice(samples: Int16Array, generation: number): void
  clear(generation: number): void
  event(text: string): void
  closeChannel(): void
  /** Idempotent; `gone` follows, unless it came before. */
  close(): void
}

export type MediaResult = { ok: true, sdp: string, media: Media } | { ok: false, why: Refusal, detail: string }

/** Way to the peers, wherever they live. */
export interface MediaHost {
  /** Never rejects; the listener hears nothing of a refusal. */
  open(
    offer: { sdp: string, addresses: readonly string[], ports: { from: number, to: number } | undefined }, listener: MediaListener, signal: AbortSignal,
  ): Promise<MediaResult>
  readonly live: number
  close(): Promise<void>
}

/** A thread with peers in it; tests put something else in its place. */
export interface MediaThread {
  post(message: ToMedia): void
  end(): Promise<unknown>
}
export type StartMediaThread = (hear: (message: FromMedia) => void, died: () => void) => MediaThread

/** Loading takes 0.3 s, answering 10 ms. */
const ANSWER_WITHIN_MS = 10_000

interface Call { listener: MediaListener, settle: ((result: MediaResult) => void) | undefined }

/** Peers in a thread of their own, started with the first call. When it dies its calls end, and the next one starts another. */
export function createMediaHost(start: StartMediaThread): MediaHost {
  const calls = new Map<number, Call>()
  let thread: MediaThread | undefined
  let lastPeer = 0
  let closed = false

  function died() {
    thread = undefined
    for (const peer of [...calls.keys()]) end(peer, 'broken')
  }

  function end(peer: number, how: MediaEnd) {
    const call = calls.get(peer)
    if (!call) return
    calls.delete(peer)
    if (call.settle) call.settle({ ok: false, why: 'broken', detail: 'The thread for WebRTC ended.' })
    else call.listener.gone(how)
  }

  function hear(message: FromMedia) {
    if (message.say === 'ready') return
    const call = calls.get(message.peer)
    if (!call) return
    switch (message.say) {
      case 'answer': return call.settle?.({ ok: true, sdp: message.sdp, media: mediaOf(message.peer) })
      case 'refused':
        calls.delete(message.peer)
        return call.settle?.({ ok: false, why: message.why, detail: message.detail })
      case 'connected': return call.listener.connected()
      case 'event': return call.listener.event(message.text)
      case 'taken': return call.listener.taken(message.bytes)
      case 'channel_closed': return call.listener.channelClosed()
      case 'heard': return call.listener.heard(message.samples)
      case 'sent': return call.listener.sent(message.generation, message.samples)
      case 'gone': return end(message.peer, message.end)
      default: message satisfies never
    }
  }

  const mediaOf = (peer: number): Media => ({
    voice: (samples, generation) => thread?.post({ do: 'voice', peer, generation, samples }),
    clear: generation => thread?.post({ do: 'clear', peer, generation }),
    event: text => thread?.post({ do: 'event', peer, text }),
    closeChannel: () => thread?.post({ do: 'close_channel', peer }),
    close() {
      if (!calls.has(peer)) return
      thread?.post({ do: 'close', peer })
      end(peer, 'closed')
    },
  })

  return {
    get live() { return calls.size },
    open(offer, listener, signal) {
      if (closed) return Promise.resolve({ ok: false, why: 'broken', detail: 'The server is stopping.' })
      thread ??= start(hear, died)
      const own = thread
      const peer = ++lastPeer
      return new Promise(resolve => {
        const giveUp = (detail: string) => {
          own.post({ do: 'close', peer })
          calls.delete(peer)
          settle({ ok: false, why: 'broken', detail })
        }
        const timer = setTimeout(() => giveUp(`No answer was made within ${ANSWER_WITHIN_MS / 1000} s.`), ANSWER_WITHIN_MS)
        const leave = () => giveUp('The caller left.')
        function settle(result: MediaResult) {
          clearTimeout(timer)
          signal.removeEventListener('abort', leave)
          const call = calls.get(peer)
          if (call) call.settle = undefined
          resolve(result)
        }
        calls.set(peer, { listener, settle })
        signal.addEventListener('abort', leave, { once: true })
        if (signal.aborted) return leave()
        own.post({ do: 'open', peer, ...offer })
      })
    },
    async close() {
      closed = true
      for (const peer of [...calls.keys()]) end(peer, 'closed')
      await thread?.end()
      thread = undefined
    },
  }
}

/** The peers' worker. Its memory is bounded: what a hostile caller fills is its own, and never the server's. */
export const mediaWorker = (url: URL | string): StartMediaThread => (hear, died) => {
  // Opus as WebAssembly: its native part takes the whole process with it (SIGSEGV) when a thread that used it ends.
  const env = { ...process.env, OPUS_FORCE_WASM: '1' }
  const worker = new Worker(url, { name: 'kaiwa-webrtc', env, resourceLimits: { maxOldGenerationSizeMb: 512 } })
  // A worker must never keep a process alive that has nothing else to do.
  worker.unref()
  worker.on('message', hear)
  // `exit` follows.
  worker.on('error', () => undefined)
  worker.on('exit', died)
  return { post: message => worker.postMessage(message), end: () => worker.terminate() }
}
