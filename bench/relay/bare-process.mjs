// A relay that is nothing but `ws`, buffers handed through. JavaScript, so that nothing is loaded to strip types. Started by peers.ts.
import { WebSocket, WebSocketServer } from 'ws'

const { upstream, port } = JSON.parse(process.argv[2])
const server = new WebSocketServer({ host: '127.0.0.1', port, perMessageDeflate: false, backlog: 4096 }, () => console.log('ready'))

server.on('connection', client => {
  const model = new WebSocket(upstream, { perMessageDeflate: false })
  const waiting = []
  client.on('message', data => model.readyState === model.OPEN ? model.send(data, { binary: false }) : waiting.push(data))
  model.on('open', () => { for (const data of waiting.splice(0)) model.send(data, { binary: false }) })
  model.on('message', data => client.send(data, { binary: false }))
  client.on('close', () => model.close())
  model.on('close', () => client.close())
  client.on('error', () => undefined)
  model.on('error', () => undefined)
})
