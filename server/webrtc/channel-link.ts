import { byteLength, type Link, type LinkListener, type WireText } from '../relay/link.ts'

/** Events of a paused reader that wait: more than a page's rates let through in 10 s. Full ⇒ the channel is closed. */
const MAX_HELD_BYTES = 4 * 1024 * 1024
const RESUME_BYTES = 64 * 1024

/** The way out of a data channel. */
export interface ChannelEnd {
  event(text: string): void
  closeChannel(): void
}

/** A data channel as a client's link; what happens on it is told by the methods beside. */
export interface ChannelLink extends Link {
  /** A message came; undefined: it was binary. */
  came(text: string | undefined): void
  /** The other side took so much. */
  taken(bytes: number): void
  /** The channel is gone. */
  ended(): void
}

/** The caller's data channel `oai-events`. */
export function channelLink(end: () => ChannelEnd | undefined): ChannelLink {
  let listener: LinkListener | undefined
  let paused = true
  let closed = false
  let unreadBytes = 0
  let held: string[] = []
  let heldBytes = 0

  function letGo() {
    while (!paused && held.length > 0 && !closed) {
      const text = held.shift()!
      heldBytes -= byteLength(text)
      listener?.message(text)
    }
  }

  function finish(code: number) {
    if (closed) return
    closed = true
    held = []
    listener?.closed(code, '')
  }

  return {
    get unreadBytes() { return unreadBytes },
    send(text: WireText) {
      if (closed) return
      unreadBytes += byteLength(text)
      end()?.event(text.toString())
    },
    pause() { paused = true },
    resume() {
      paused = false
      letGo()
    },
    close(code) {
      if (closed) return
      end()?.closeChannel()
      finish(code)
    },
    listen(next) {
      listener = next
      paused = false
      letGo()
    },
    came(text) {
      if (closed) return
      if (text === undefined) return listener?.binary()
      if (!paused && listener) return listener.message(text)
      held.push(text)
      heldBytes += byteLength(text)
      if (heldBytes > MAX_HELD_BYTES) this.close(1009, '')
    },
    taken(bytes) {
      const before = unreadBytes
      unreadBytes = Math.max(0, unreadBytes - bytes)
      if (before > RESUME_BYTES && unreadBytes <= RESUME_BYTES) listener?.socketDrained()
    },
    ended: () => finish(1001),
  }
}
