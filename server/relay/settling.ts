import type { Link } from './link.ts'
import type { OpenResponses } from './responses.ts'

/** A cancelled response is reported within a fraction of this. */
export const SETTLE_MS = 3000

export interface SettlingOptions {
  upstream: Link
  responses: OpenResponses
  ids: (prefix: string) => string
  setTimer(callback: () => void, delayMs: number): () => void
  /** Once. What is still open then will never be reported. */
  done(): void
}

/** The upstream without its client: responses are cancelled and their end awaited, because what they cost is told there. */
export interface Settling {
  /** The model said something. */
  look(): void
  stop(): void
}

export function settle({ upstream, responses, ids, setTimer, done }: SettlingOptions): Settling {
  const cancelled = new Set<string>()
  const stop = setTimer(done, SETTLE_MS)

  function look() {
    if (responses.none) {
      stop()
      return done()
    }
    for (const id of responses.ids) {
      if (cancelled.has(id)) continue
      cancelled.add(id)
      upstream.send(JSON.stringify({ type: 'response.cancel', event_id: ids('event'), response_id: id }))
    }
  }

  upstream.resume()
  look()
  return { look, stop }
}
