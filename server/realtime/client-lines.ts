import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { answerHandshake, readHandshake, type Handshake } from '../relay/handshake.ts'
import type { Link } from '../relay/link.ts'
import type { Ticker } from '../relay/ticker.ts'
import { linkOfLine, type Heartbeat } from '../relay/websocket-link.ts'

/** What was agreed for one of them. `maxBytes`: of a message. */
export interface ClientTerms { subprotocol: string | undefined, maxBytes: number }

/** The WebSockets that came in and are open. */
export interface ClientLines {
  readonly count: number
  /** Sent, and not yet taken from us: over all of them. */
  readonly unreadBytes: number
  /** Agrees to speak WebSocket, or says why not; then the line is still the caller's to answer on. */
  open(request: IncomingMessage, line: Duplex, head: Buffer, terms: ClientTerms): { ok: true, link: Link } | Extract<Handshake, { ok: false }>
  cutAll(): void
}

export function createClientLines(heartbeat: Heartbeat, ticker: Ticker | undefined): ClientLines {
  const lines = new Set<Duplex>()
  return {
    get count() { return lines.size },
    get unreadBytes() { return [...lines].reduce((sum, line) => sum + line.writableLength, 0) },
    open(request, line, head, { subprotocol, maxBytes }) {
      const handshake = readHandshake(request)
      if (!handshake.ok) return handshake
      const { setTimeout: limitSilence, setNoDelay } = line as Partial<Socket>
      limitSilence?.call(line, 0)
      setNoDelay?.call(line, true)
      lines.add(line)
      line.once('close', () => lines.delete(line))
      answerHandshake(line, handshake.accept, subprotocol)
      return { ok: true, link: linkOfLine({ line, head, dialled: false, maxBytes }, heartbeat, ticker) }
    },
    cutAll() { for (const line of lines) line.destroy() },
  }
}
