import { requestHouseTicket } from './house-ticket.ts'
import { noServer } from './transport.ts'
import type { TransportState } from './transport.ts'
import { dial, OPEN } from './websocket-transport.ts'
import type { WebSocketEnv } from './websocket-transport.ts'

/** The page's own socket to a WebRTC call. One that breaks is opened again, with another ticket, while the voices go on. */
export interface HouseSocket {
  readonly open: boolean
  readonly unsentBytes: number
  /** What is said while it is opened again waits for it. @returns false: it never was open, or is over */
  send(text: string): boolean
  /** To the server this is the hang-up. Idempotent. */
  close(): void
}

export interface HousePorts {
  receive: (text: string) => void
  onOpen: () => void
  /** Once, and nothing after it. `broke`: it says nothing of the call. */
  onOver: (state: Extract<TransportState, { phase: 'closed' }>, broke: boolean) => void
}

export interface HouseEnv extends WebSocketEnv { /** Monotonic. */ nowMs: () => number }

/** Before each try to open it again; after the last one it is over. The call goes on, but nobody knows what is said in it. */
const AGAIN_AFTER_MS = [200, 1000, 2000, 4000]
/** A socket that stood so long has the tries anew. */
const STOOD_MS = 10_000
/** A page says a handful of things a second. Full ⇒ it is over. */
const MAX_WAITING = 200

export function openHouseSocket(env: HouseEnv, { ticket: first, callId }: { ticket: string, callId: string }, ports: HousePorts): HouseSocket {
  const cancel = new AbortController()
  let socket: WebSocket
  let waiting: string[] = []
  let wasOpen = false
  /** Of the socket of now. */
  let openedAtMs: number | undefined
  let tries = 0
  let over = false
  let stopTimer = () => {}

  function end(state: Extract<TransportState, { phase: 'closed' }>, broke: boolean) {
    if (over) return
    stop()
    ports.onOver(state, broke)
  }

  function stop() {
    over = true
    waiting = []
    stopTimer()
    cancel.abort()
  }

  function connect(ticket: string) {
    socket = dial(env, { ticket, url: `/v1/realtime?call_id=${callId}` }, {
      receive: text => { if (!over) ports.receive(text) },
      wanted: () => !over,
      report(state) {
        if (over) return
        if (state.phase === 'open') opened()
        if (state.phase === 'closed') closed(state)
      },
    })
  }

  function opened() {
    wasOpen = true
    openedAtMs = env.nowMs()
    const said = waiting
    waiting = []
    for (const text of said) socket.send(text)
    ports.onOpen()
  }

  function closed(state: Extract<TransportState, { phase: 'closed' }>) {
    const broke = state.code === noServer || state.code === 1005 || state.code === 1006
    // One that never was open tells that the server wants none.
    if (!broke || !wasOpen) return end(state, broke)
    if (openedAtMs !== undefined && env.nowMs() - openedAtMs >= STOOD_MS) tries = 0
    openedAtMs = undefined
    again(state)
  }

  function again(state: Extract<TransportState, { phase: 'closed' }>) {
    const delayMs = AGAIN_AFTER_MS[tries++]
    if (delayMs === undefined) return end(state, true)
    stopTimer = env.setTimer(() => { void reopen(state) }, delayMs)
  }

  async function reopen(state: Extract<TransportState, { phase: 'closed' }>) {
    const answer = await requestHouseTicket(env, callId, cancel.signal)
    if (over) return
    if (answer.ok) connect(answer.ticket)
    else if (answer.mayHeal) again(state)
    else end(state, true)
  }

  connect(first)
  return {
    get open() { return !over && socket.readyState === OPEN },
    get unsentBytes() { return socket.bufferedAmount },
    send(text) {
      if (over || !wasOpen) return false
      if (socket.readyState === OPEN) socket.send(text)
      else if (waiting.length < MAX_WAITING) waiting.push(text)
      else end({ phase: 'closed', code: noServer, reason: 'house_lost' }, true)
      return !over
    },
    close() {
      if (over) return
      stop()
      // One that still connects is closed when it has.
      if (socket.readyState === OPEN) socket.close(1000, 'done')
    },
  }
}
