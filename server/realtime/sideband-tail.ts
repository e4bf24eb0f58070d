import type { WireText } from '../relay/link.ts'
import { createOpenResponses } from '../relay/responses.ts'
import type { ServerEventGlance } from '../relay/server-event.ts'

/** What has to be known of a sideband's past when it is joined again: so that nothing counts twice, and nothing is waited for that was missed. */
export interface SidebandTail {
  /** Each message in order. What is to be passed on in its place; undefined: nothing, it was passed before. */
  hear(text: WireText, glance: () => ServerEventGlance): WireText | undefined
  dropped(): void
  joined(): void
  /** Idempotent. */
  stop(): void
}

export interface SidebandTailOptions {
  ids: (prefix: string) => string
  setTimer(callback: () => void, delayMs: number): () => void
  /** What the model would have said. */
  give(text: string): void
}

/** Ids of events before a drop; a server that says some again begins with the last ones. Full ⇒ the oldest is forgotten. */
const MAX_IDS = 500
/** A model that is at work on a response says something of it many times in this. */
export const UNHEARD_MS = 3000
/** An event's id stands first or second. */
const EVENT_ID = /^\{\s*(?:"type"\s*:\s*"[\w.]+"\s*,\s*)?"event_id"\s*:\s*"([\w-]{1,128})"/
const HEAD_CHARS = 256

export function createSidebandTail({ ids, setTimer, give }: SidebandTailOptions): SidebandTail {
  const responses = createOpenResponses()
  let passed = new Set<string>()
  /** Before the last drop. */
  let before: ReadonlySet<string> = new Set()
  /** Responses that were under way at the drop, until something is heard of them. */
  let unheard = new Set<string>()
  let isFirst = false
  let stopTimer = () => {}

  function hear(text: WireText, glance: () => ServerEventGlance): WireText | undefined {
    const id = EVENT_ID.exec(typeof text === 'string' ? text.slice(0, HEAD_CHARS) : text.toString('latin1', 0, HEAD_CHARS))?.[1]
    if (id !== undefined) {
      if (before.has(id)) return undefined
      remember(id)
    }
    for (const response of unheard) if (text.includes(response)) unheard.delete(response)
    const seen = glance()
    if (seen.kind !== 'event') return text
    responses.serverEvent(seen.event)
    if (!isFirst) return text
    isFirst = false
    // The session didn't begin anew: this is how it is now.
    return seen.event.type === 'session.created' ? JSON.stringify({ ...seen.event, type: 'session.updated' }) : text
  }

  function remember(id: string) {
    passed.add(id)
    for (const oldest of passed) {
      if (passed.size <= MAX_IDS) return
      passed.delete(oldest)
    }
  }

  /** Their end was missed: whoever waits for it is told, and what they cost is charged by estimate. */
  function giveUpUnheard() {
    for (const id of unheard) {
      const response = { object: 'realtime.response', id, status: 'completed', status_details: null, output: [], usage: null }
      const event = { type: 'response.done', event_id: ids('event'), response }
      responses.serverEvent(event)
      give(JSON.stringify(event))
    }
    unheard = new Set()
  }

  return {
    hear,
    dropped() {
      stopTimer()
      before = new Set([...before, ...passed].slice(-MAX_IDS))
      passed = new Set()
    },
    joined() {
      isFirst = true
      unheard = new Set(responses.ids)
      if (unheard.size > 0) stopTimer = setTimer(giveUpUnheard, UNHEARD_MS)
    },
    stop: () => stopTimer(),
  }
}
