import { EventEmitter } from 'node:events'
import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import type { WebSocket } from 'ws'
import { createTicker, TICK_MS } from '../../../../server/relay/ticker.ts'
import { defaultHeartbeat, linkOfSocket } from '../../../../server/relay/websocket-link.ts'
import { createManualClock } from '../../../fakes/manual-clock.ts'

/** A socket whose other side answers as the test says. */
function fakeSocket() {
  const socket = Object.assign(new EventEmitter(), {
    OPEN: 1, CLOSED: 3, readyState: 1, isPaused: true, bufferedAmount: 0, pings: 0, closedWith: undefined as number | undefined,
    pause() { socket.isPaused = true },
    resume() { socket.isPaused = false },
    ping() { socket.pings++ },
    close(code: number) { socket.closedWith ??= code },
    terminate() { socket.gone(1006) },
    gone(code: number) {
      if (socket.readyState === 3) return
      socket.readyState = 3
      socket.emit('close', code, Buffer.alloc(0))
    },
  })
  return socket
}

/** Time that can pass without a timer being served, as in a process that is blocked. */
function lateClock() {
  const clock = createManualClock()
  let lateMs = 0
  return {
    setTimer: clock.setTimer,
    get pendingTimers() { return clock.pendingTimers },
    nowMs: () => clock.nowMs() + lateMs,
    advance: clock.advance,
    async block(ms: number) {
      lateMs += ms
      await clock.advance(TICK_MS)
    },
  }
}

function line() {
  const clock = lateClock()
  const ticker = createTicker(clock)
  const socket = fakeSocket()
  const link = linkOfSocket({ socket: socket as unknown as WebSocket, line: new PassThrough(), masked: false }, defaultHeartbeat, ticker)
  const heard: (string | number)[] = []
  link.listen({ message: text => heard.push(text.toString()), binary: () => heard.push('binary'), socketDrained() {}, closed: code => heard.push(code) })
  return { clock, ticker, socket, link, heard }
}

describe('a line on which nothing is heard', () => {
  it('is asked after 4 s, and given up before 8 are over', async () => {
    const { clock, socket, heard } = line()
    await clock.advance(3900)
    expect(socket.pings).toBe(0)
    await clock.advance(200)
    expect(socket.pings).toBe(1)
    await clock.advance(3600)
    expect(heard).toEqual([])
    await clock.advance(300)
    expect(heard).toEqual([1006])
    expect(clock.pendingTimers).toBe(0)
  })

  it.each(['pong', 'ping', 'message'])('lives on with any sign of life: %s', async sign => {
    const { clock, socket, heard } = line()
    for (let n = 0; n < 20; n++) {
      await clock.advance(7500)
      socket.emit(sign, Buffer.from('{}'), false)
    }
    expect(socket.readyState).toBe(1)
    expect(heard).not.toContain(1006)
  })

  it('isn\'t blamed for a time in which this process slept', async () => {
    const { clock, ticker, socket, heard } = line()
    await clock.advance(5000)
    expect(socket.pings).toBe(1)
    // Blocked for a minute: the pong waits unread, and all the ticks that were missed come as one.
    const before = ticker.count
    await clock.block(60_000)
    expect(ticker.count).toBe(before + 1)
    socket.emit('pong', Buffer.alloc(0))
    await clock.advance(5000)
    expect(heard).toEqual([])
  })

  it('is left alone while we don\'t read it: what it says waits unheard', async () => {
    const { clock, socket, link, heard } = line()
    link.pause()
    await clock.advance(60_000)
    expect(socket.pings).toBe(0)
    expect(heard).toEqual([])
  })
})

it('a flood of pings or pongs is closed 1008; the same number over minutes isn\'t', async () => {
  const patient = line()
  for (let n = 0; n < 400; n++) {
    patient.socket.emit('ping', Buffer.alloc(0))
    await patient.clock.advance(TICK_MS)
  }
  expect(patient.socket.closedWith).toBeUndefined()
  const { socket } = line()
  for (let n = 0; n < 101; n++) socket.emit(n % 2 ? 'ping' : 'pong', Buffer.alloc(0))
  expect(socket.closedWith).toBe(1008)
})

it('what comes after a close is not heard', () => {
  const { socket, heard } = line()
  socket.readyState = 2
  socket.emit('message', Buffer.from('{}'), false)
  expect(heard).toEqual([])
})

it('a side that stopped reading, and says nothing, is told why before it is cut', async () => {
  const { clock, socket, link } = line()
  let stuck = 0
  link.listen({ message() {}, binary() {}, socketDrained() {}, stuck: () => { stuck++ }, closed() {} })
  socket.bufferedAmount = 1000
  await clock.advance(8000)
  expect(stuck).toBe(1)
  expect(socket.readyState).toBe(1)
})
