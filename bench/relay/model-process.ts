/** The model's end: a scripted one that takes appends and holds a turn every ten seconds on each connection. Started by ends.ts. */
import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { performance } from 'node:perf_hooks'
import { answerCommands, type ModelCommand, type ModelFigures } from './commands.ts'
import { createFrameReader, encodeFrame, Opcode } from './framing.ts'
import { createSamples } from './samples.ts'
import { nowMicros, readStamp } from './stamp.ts'
import { APPEND_STAMP_AT, appendBytes, DELTA_EVERY_MS, DELTAS, deltaFrame, sessionText, TURN_MS, turnTexts } from './workload.ts'

const GOLDEN = 0.618_033_988_75
const HEAD_BYTES = 64
/** Smaller messages aren't appends. */
const LEAST_APPEND_BYTES = appendBytes(20)

const samples = createSamples()
const delta = deltaFrame()
const connections = new Set<Socket>()
let accepted = 0
let turns = 0
let events = 0
let sent = 0
let received = 0
let mark = performance.eventLoopUtilization()

const server = createServer((_request, response) => response.writeHead(404).end())
server.on('upgrade', (request, socket: Socket) => {
  const accept = createHash('sha1').update(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
  const protocol = request.headers['sec-websocket-protocol'] ? 'Sec-WebSocket-Protocol: realtime\r\n' : ''
  socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n${protocol}Sec-WebSocket-Accept: ${accept}\r\n\r\n`)
  converse(socket)
})

function converse(socket: Socket) {
  const session = ++accepted
  connections.add(socket)
  socket.setNoDelay(true)
  const say = (text: string) => void socket.write(encodeFrame(Opcode.text, text, false))
  socket.on('error', () => undefined)
  socket.on('data', createFrameReader(HEAD_BYTES, {
    message(head, bytes) {
      if (bytes >= LEAST_APPEND_BYTES && head.includes('append')) {
        received++
        samples.add(nowMicros() - readStamp(head, APPEND_STAMP_AT))
      } else if (head.includes('"session.update"')) {
        say(sessionText('session.updated', session, ++events))
      }
    },
    control(opcode, payload) {
      if (opcode === Opcode.ping) socket.write(encodeFrame(Opcode.pong, payload, false))
      if (opcode === Opcode.close) socket.end(encodeFrame(Opcode.close, payload, false))
    },
  }))
  say(sessionText('session.created', session, ++events))
  let timer = setTimeout(beginTurn, TURN_MS * ((session * GOLDEN) % 1))
  socket.on('close', () => {
    clearTimeout(timer)
    connections.delete(socket)
  })

  function beginTurn() {
    const startedAt = performance.now()
    const turn = ++turns
    const texts = turnTexts(turn, () => ++events)
    for (const text of texts.opening()) say(text)
    const at = (dueMs: number, step: () => void) => { timer = setTimeout(step, Math.max(1, Math.round(startedAt + dueMs - performance.now()))) }
    let said = 0
    at(DELTA_EVERY_MS, function next() {
      say(texts.word(said))
      sendDelta(socket, turn)
      if (++said < DELTAS) return at((said + 1) * DELTA_EVERY_MS, next)
      for (const text of texts.closing()) say(text)
      at(TURN_MS, beginTurn)
    })
  }
}

function sendDelta(socket: Socket, turn: number) {
  sent++
  socket.write(delta.of(++events, turn).stamped(nowMicros()))
  if (socket.writableLength > 0) delta.keep()
}

function read(): ModelFigures {
  const unsentBytes = [...connections].reduce((sum, socket) => sum + socket.writableLength, 0)
  return { sent, received, latency: samples.summary(), busy: performance.eventLoopUtilization(mark).utilization, connections: connections.size, unsentBytes }
}

function flood(deltas: number) {
  for (const socket of connections) {
    const turn = ++turns
    let left = deltas
    // In slices, as a network would: what it can't take waits here, not in the relay.
    ;(function slice() {
      for (let n = 0; n < 50 && left > 0 && !socket.destroyed; n++, left--) sendDelta(socket, turn)
      if (left > 0 && !socket.destroyed) setTimeout(slice, 5)
    })()
  }
}

answerCommands((command: ModelCommand) => {
  switch (command.do) {
    case 'listen': return new Promise<number>(resolve => server.listen(0, '127.0.0.1', 4096, () => resolve((server.address() as AddressInfo).port)))
    case 'mark':
      samples.clear()
      mark = performance.eventLoopUtilization()
      return undefined
    case 'read': return read()
    case 'forget':
      for (const socket of connections) socket.destroy()
      sent = received = 0
      return undefined
    case 'flood': return flood(command.deltas)
    default: return command satisfies never
  }
})
