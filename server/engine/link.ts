import type { Engine, EngineSession, OpenOptions } from '@kaiwa/engine'
import { byteLength, type Link, type LinkListener, type WireText } from '../relay/link.ts'

/** Answers that wait while the client isn't read: about a minute of voice. More ⇒ the session is closed 4008. */
export const MAX_HELD_BYTES = 4 * 1024 * 1024

/** What else a session has where it speaks and hears over a track. */
export interface EngineLink extends Link, Pick<EngineSession, 'hear' | 'sent'> {}

/** A session of the embedded engine as an upstream link: the relay treats it as it treats OpenAI. */
export function engineLink(engine: Engine, options: OpenOptions): EngineLink {
  let listener: LinkListener | undefined
  let paused = true
  let closed = false
  let held: string[] = []
  let heldBytes = 0

  const session: EngineSession = engine.openSession({ send: fromEngine, close: finish }, options)

  function fromEngine(text: string) {
    if (closed) return
    if (!paused && listener) return listener.message(text)
    held.push(text)
    heldBytes += byteLength(text)
    if (heldBytes > MAX_HELD_BYTES) finish(4008, 'invalid_request_error.client_too_slow')
  }

  function letGo() {
    while (!paused && held.length > 0 && !closed) {
      const text = held.shift()!
      heldBytes -= byteLength(text)
      listener?.message(text)
    }
  }

  /** Idempotent. What is held still goes to a listener that reads: the error that explains the close is among it. */
  function finish(code: number, reason: string) {
    if (closed) return
    letGo()
    closed = true
    held = []
    session.close()
    listener?.closed(code, reason)
  }

  return {
    // The engine takes everything at once; its own buffers are bounded per session.
    unreadBytes: 0,
    send(text: WireText) { if (!closed) session.receive(text.toString()) },
    pause() { paused = true },
    resume() {
      paused = false
      letGo()
    },
    close: finish,
    hear: session.hear,
    sent: session.sent,
    listen(next) {
      listener = next
      paused = false
      letGo()
    },
  }
}
