/** The callers' end: so many microphones, always open. Started by ends.ts. */
import { randomBytes } from 'node:crypto'
import { request } from 'node:http'
import type { Socket } from 'node:net'
import { performance } from 'node:perf_hooks'
import { answerCommands, type Connected, type LoadCommand, type LoadFigures, type Target } from './commands.ts'
import { createFrameReader, encodeFrame, Opcode } from './framing.ts'
import { createSamples } from './samples.ts'
import { nowMicros, readStamp } from './stamp.ts'
import { appendFrame, DELTA_BYTES, DELTA_STAMP_AT, type StampedFrame } from './workload.ts'

const GOLDEN = 0.618_033_988_75
const HEAD_BYTES = 320
const AT_ONCE = 32
const CONNECT_MS = 10_000
const LATE_MS = 10
const LEAVE_MS = 3000

interface Caller { socket: Socket, dueAt: number, open: boolean }

const samples = createSamples()
const callers: Caller[] = []
const lost: Record<string, number> = {}
let sent = 0
let received = 0
let inWindow = 0
let late = 0
let leaving = false
let hushed = false
let timer: NodeJS.Timeout | undefined
let mark = performance.eventLoopUtilization()

async function connect({ target, callers: wanted, frameMs }: Extract<LoadCommand, { do: 'connect' }>): Promise<Connected> {
  const refused: Record<string, number> = {}
  const before = callers.length
  let left = wanted
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, wanted) }, async () => {
    while (left-- > 0) {
      const outcome = await dial(target)
      if (typeof outcome === 'string') refused[outcome] = (refused[outcome] ?? 0) + 1
      else callers.push(outcome)
    }
  }))
  if (timer === undefined) speak(frameMs)
  else for (const [n, caller] of callers.slice(before).entries()) caller.dueAt = performance.now() + frameMs * ((n * GOLDEN) % 1)
  return { open: callers.length - before, refused }
}

async function protocolsFor({ ticketsFrom, headers }: Target): Promise<Record<string, string> | string> {
  if (!ticketsFrom) return {}
  const answer = await fetch(ticketsFrom, { method: 'POST', headers, signal: AbortSignal.timeout(CONNECT_MS) }).catch(() => undefined)
  if (answer?.status !== 201) return String(answer?.status ?? 'unreachable')
  const { ticket } = await answer.json() as { ticket: string }
  return { 'Sec-WebSocket-Protocol': `realtime, kaiwa.v1, kaiwa.ticket.${ticket}` }
}

/** A caller, or why there is none. */
async function dial(target: Target): Promise<Caller | string> {
  const protocols = await protocolsFor(target)
  if (typeof protocols === 'string') return protocols
  const handshake = { Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Version': '13', 'Sec-WebSocket-Key': randomBytes(16).toString('base64') }
  return new Promise(resolve => {
    const asked = request(target.url.replace(/^ws/, 'http'), { agent: false, timeout: CONNECT_MS, headers: { ...handshake, ...target.headers, ...protocols } })
    asked.on('upgrade', (_response, socket, head) => resolve(callerOn(socket as Socket, head)))
    asked.on('response', response => {
      response.destroy()
      resolve(String(response.statusCode))
    })
    asked.on('timeout', () => asked.destroy())
    asked.on('error', error => resolve((error as NodeJS.ErrnoException).code ?? 'error'))
    asked.end()
  })
}

function callerOn(socket: Socket, head: Buffer): Caller {
  const caller: Caller = { socket, dueAt: 0, open: true }
  let code = '1006'
  const read = createFrameReader(HEAD_BYTES, {
    message(start, bytes) {
      if (bytes !== DELTA_BYTES || start[2] !== 0x74) return
      received++
      samples.add(nowMicros() - readStamp(start, DELTA_STAMP_AT))
    },
    control(opcode, payload) {
      if (opcode === Opcode.ping) socket.write(encodeFrame(Opcode.pong, payload, true))
      if (opcode !== Opcode.close) return
      code = payload.length >= 2 ? String(payload.readUInt16BE(0)) : '1005'
      socket.end(encodeFrame(Opcode.close, payload, true))
    },
  })
  socket.setNoDelay(true)
  socket.setTimeout(0)
  socket.on('error', () => undefined)
  socket.on('data', read)
  socket.on('close', () => {
    caller.open = false
    if (!leaving) lost[code] = (lost[code] ?? 0) + 1
  })
  if (head.length > 0) read(head)
  return caller
}

/** Every caller in its own phase; the same order in each round, so one look at the next in line is enough. */
function speak(frameMs: number) {
  const frame = appendFrame(frameMs)
  const startAt = performance.now() + 1
  for (const [n, caller] of callers.entries()) caller.dueAt = startAt + frameMs * ((n * GOLDEN) % 1)
  let line = callers.toSorted((a, b) => a.dueAt - b.dueAt)
  let at = 0
  ;(function tick() {
    if (hushed) return
    if (line.length !== callers.length) {
      line = callers.toSorted((a, b) => a.dueAt - b.dueAt)
      at = 0
    }
    const now = performance.now()
    for (let seen = 0; seen < line.length; seen++) {
      const caller = line[at]!
      if (caller.dueAt > now) break
      inWindow++
      if (now - caller.dueAt > LATE_MS) late++
      caller.dueAt += frameMs
      at = (at + 1) % line.length
      if (caller.open) say(caller.socket, frame)
    }
    timer = setTimeout(tick, Math.max(1, (line[at]?.dueAt ?? now + 1) - now))
  })()
}

function say(socket: Socket, frame: StampedFrame) {
  sent++
  socket.write(frame.stamped(nowMicros()))
  if (socket.writableLength > 0) frame.keep()
}

function read(): LoadFigures {
  const open = callers.filter(caller => caller.open).length
  const busy = performance.eventLoopUtilization(mark).utilization
  return { sent, received, latency: samples.summary(), busy, open, late: inWindow === 0 ? 0 : late / inWindow, lost }
}

async function leave() {
  leaving = true
  const goodbye = encodeFrame(Opcode.close, Buffer.from([0x03, 0xE8]), true)
  for (const { socket, open } of callers) if (open) socket.resume().end(goodbye)
  const untilMs = performance.now() + LEAVE_MS
  while (callers.some(caller => caller.open) && performance.now() < untilMs) await new Promise(resolve => setTimeout(resolve, 20))
  for (const { socket } of callers) socket.destroy()
}

answerCommands((command: LoadCommand) => {
  switch (command.do) {
    case 'connect': return connect(command)
    case 'mark':
      samples.clear()
      inWindow = late = 0
      mark = performance.eventLoopUtilization()
      return undefined
    case 'read': return read()
    case 'hush':
      hushed = true
      return undefined
    case 'stall':
      hushed = true
      for (const { socket } of callers) socket.pause()
      return undefined
    case 'leave': return leave()
    default: return command satisfies never
  }
})
