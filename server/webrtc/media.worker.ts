import { parentPort } from 'node:worker_threads'
import type { FromMedia, ToMedia } from './media-messages.ts'
import { createPeers } from './peers.ts'

const port = parentPort
if (!port) throw new Error('This file runs as a worker only.')
const peers = createPeers({
  post: (message: FromMedia, transfer) => port.postMessage(message, transfer),
  nowMs: () => performance.now(),
  setTimer(callback, delayMs) {
    const timer = setTimeout(callback, delayMs)
    return () => clearTimeout(timer)
  },
})
port.on('message', (message: ToMedia) => peers.take(message))
port.postMessage({ say: 'ready' } satisfies FromMedia)
