/** The relay that samples show: each event parsed and written anew, a socket of its own upstream, nothing bounded. */
import { defineWebSocketHandler } from 'h3'
import { WebSocket } from 'ws'

const upstreams = new Map<string, WebSocket>()

export default defineWebSocketHandler({
  open(peer) {
    const upstream = new WebSocket(process.env.UPSTREAM!, { headers: { Authorization: 'Bearer key' } })
    upstreams.set(peer.id, upstream)
    upstream.on('message', data => { peer.send(JSON.stringify(JSON.parse(data.toString()))) })
    upstream.on('close', () => { peer.close() })
    upstream.on('error', () => { peer.close() })
  },
  message(peer, message) {
    const event = JSON.parse(message.text()) as object
    const upstream = upstreams.get(peer.id)
    if (upstream?.readyState === WebSocket.OPEN) upstream.send(JSON.stringify(event))
  },
  close(peer) {
    upstreams.get(peer.id)?.close()
    upstreams.delete(peer.id)
  },
})
