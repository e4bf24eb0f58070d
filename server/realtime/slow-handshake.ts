import type { Server } from 'node:http'
import type { Socket } from 'node:net'

const WITHIN_MS = 8_000
const BODY_MS = 30_000

/** Cuts connections that don't finish their first request line and headers in time. Node's own check runs every 30 s only. */
export function cutSlowHandshakes(server: Server, withinMs = WITHIN_MS) {
  server.headersTimeout = withinMs
  server.requestTimeout = BODY_MS
  const waiting = new WeakMap<Socket, NodeJS.Timeout>()
  const done = (socket: Socket) => clearTimeout(waiting.get(socket))
  server.on('connection', socket => {
    waiting.set(socket, setTimeout(() => socket.destroy(), withinMs).unref())
    socket.once('close', () => done(socket))
  })
  server.prependListener('request', request => done(request.socket))
  server.prependListener('upgrade', request => done(request.socket))
}
