import { byteLength, type Link, type LinkListener, type WireText } from '../relay/link.ts'
import { glanceAt } from '../relay/server-event.ts'
import type { DialResult } from '../relay/upstream.ts'
import { createSidebandTail } from './sideband-tail.ts'

export interface SidebandOptions {
  line: Link
  /** Joins the same call once more; undefined: that can't be. Never rejects. */
  rejoin?: ((signal: AbortSignal) => Promise<DialResult>) | undefined
  /** It is lost for good. True: the call goes on without it, until the relay ends it. */
  lost(closeCode: number): boolean
  /** It dropped, and is joined again; then how that went. */
  onAway?(closeCode: number): void
  onBack?(): void
  ids: (prefix: string) => string
  setTimer(callback: () => void, delayMs: number): () => void
}

/** Closes that say nothing of the call: the line broke, or its server had trouble. Media may go on (RFC 6455, 7.4.1 and its registry). */
const DROPPED = new Set([1006, 1011, 1012, 1013, 1014])
/** In one call: a line that breaks more often isn't one. */
export const MAX_REJOINS = 8
/** Before the n-th after the first; the dialling has its own pauses. */
const AGAIN_MS = 250
const MAX_AGAIN_MS = 2000
/** What is said to the model meanwhile, in order. More ⇒ it is lost. */
const MAX_WAITING_BYTES = 1024 * 1024

type State
  = | { at: 'joined', line: Link }
    | { at: 'away', closeCode: number, waiting: WireText[], bytes: number, stop(): void }
    | { at: 'alone' }
    | { at: 'over' }

/**
 * The server's own connection to a WebRTC call as the relay's upstream. One that drops is joined again, and what was said meanwhile follows; of
 * what the model said meanwhile nothing is known, but for the end of a response that isn't heard of any more (`createSidebandTail`).
 */
export function sidebandLink({ line: first, rejoin, lost, onAway, onBack, ids, setTimer }: SidebandOptions): Link {
  const tail = createSidebandTail({ ids, setTimer, give: text => listener?.message(text) })
  let listener: LinkListener | undefined
  let state: State = { at: 'joined', line: first }
  let rejoins = 0
  let paused = false

  function closed(code: number, reason: string) {
    if (DROPPED.has(code)) return rejoin && rejoins < MAX_REJOINS ? away(code, rejoin) : giveUp(code, reason)
    state = { at: 'over' }
    tail.stop()
    listener?.closed(code, reason)
  }

  function giveUp(code: number, reason: string) {
    tail.stop()
    // While it is being asked, the relay may close us.
    state = { at: 'alone' }
    if (lost(code)) return
    state = { at: 'over' }
    listener?.closed(code, reason)
  }

  function away(closeCode: number, join: NonNullable<SidebandOptions['rejoin']>) {
    const dialing = new AbortController()
    const stopTimer = setTimer(() => void join(dialing.signal).then(came), Math.min(MAX_AGAIN_MS, AGAIN_MS * rejoins++))
    state = { at: 'away', closeCode, waiting: [], bytes: 0, stop() { stopTimer(); dialing.abort() } }
    tail.dropped()
    onAway?.(closeCode)
  }

  function came(result: DialResult) {
    if (state.at !== 'away') {
      if (result.ok) result.link.close(1000, '')
      return
    }
    const { waiting, closeCode } = state
    if (!result.ok) return giveUp(closeCode, '')
    state = { at: 'joined', line: result.link }
    if (paused) result.link.pause()
    onBack?.()
    tail.joined()
    hearken(result.link)
    for (const text of waiting) result.link.send(text)
    listener?.socketDrained()
  }

  function hearken(line: Link) {
    line.listen({
      message(text) {
        const news = tail.hear(text, () => glanceAt(text))
        if (news !== undefined) listener?.message(news)
      },
      binary: () => listener?.binary(),
      socketDrained: () => listener?.socketDrained(),
      closed,
    })
  }

  function send(text: WireText) {
    if (state.at === 'joined') return state.line.send(text)
    if (state.at !== 'away') return
    state.bytes += byteLength(text)
    if (state.bytes > MAX_WAITING_BYTES) {
      state.stop()
      return giveUp(state.closeCode, '')
    }
    state.waiting.push(text)
  }

  return {
    get unreadBytes() { return state.at === 'joined' ? state.line.unreadBytes : state.at === 'away' ? state.bytes : 0 },
    send,
    pause() {
      paused = true
      if (state.at === 'joined') state.line.pause()
    },
    resume() {
      paused = false
      if (state.at === 'joined') state.line.resume()
    },
    close(code, reason) {
      tail.stop()
      if (state.at === 'joined') return state.line.close(code, reason)
      if (state.at === 'away') state.stop()
      const ears = state.at === 'over' ? undefined : listener
      state = { at: 'over' }
      listener = undefined
      queueMicrotask(() => ears?.closed(code, reason))
    },
    listen(next) {
      listener = next
      if (state.at === 'joined') hearken(state.line)
    },
  }
}
