import { errorEvent } from './fault.ts'
import type { Gate, ServerEventFacts } from './gate.ts'
import { byteLength, type WireText } from './link.ts'
import { TIMED_ONE_IN, type RelayObserver } from './observer.ts'
import type { OpenResponses } from './responses.ts'
import { glanceAt, saidError, withoutKeys, type SaidError } from './server-event.ts'
import { inOurWords } from './upstream-words.ts'

export interface UpstreamEarOptions {
  keys: readonly string[]
  gate: Pick<Gate, 'serverEvent'>
  watch: Required<RelayObserver>
  responses: Pick<OpenResponses, 'serverEvent'>
  ids: (prefix: string) => string
  nowMs(): number
  /** To the client, in order. */
  pass(text: WireText): void
  /** It has become too much. */
  babble(count: number): void
}

/** Understands what the model sends, as far as that is needed, and passes it on. */
export interface UpstreamEar {
  hear(text: WireText): void
  /** What came was no event: not passed on, counted, too much of it is a broken upstream. */
  drop(): void
  readonly dropped: number
  /** Its last event was this error: it explains a close that follows. */
  readonly lastError: SaidError | undefined
}

/** More in ten seconds than a slip explains: the upstream is broken. */
const MAX_RUBBISH = 20
const RUBBISH_WINDOW_MS = 10_000

export function createUpstreamEar({ gate, watch, responses, ids, nowMs, pass, babble, ...options }: UpstreamEarOptions): UpstreamEar {
  const keys = options.keys.map(key => Buffer.from(key))
  let lastError: SaidError | undefined
  let dropped = 0
  let untilTimed = 1
  /** When the message came that is being heard; undefined: it isn't timed. */
  let timedFromMs: number | undefined
  let rubbishAtMs: number[] = []

  function hear(text: WireText) {
    watch.arrived()
    timedFromMs = --untilTimed <= 0 ? nowMs() : undefined
    const glance = glanceAt(text)
    switch (glance.kind) {
      case 'delta':
        lastError = undefined
        return passOn(withoutKeys(text, keys, false), glance.type)
      case 'event': return hearEvent(text, glance.event)
      case 'rubbish': return drop()
      default: return glance satisfies never
    }
  }

  function hearEvent(text: WireText, event: ServerEventFacts) {
    responses.serverEvent(event)
    gate.serverEvent(event)
    watch.serverEvent(event)
    lastError = event.type === 'error' ? saidError(event) : undefined
    const words = lastError && inOurWords(lastError)
    passOn(words ? errorEvent(words, ids('event')) : withoutKeys(text, keys, lastError !== undefined), event.type)
  }

  function passOn(text: WireText, type: string) {
    pass(text)
    watch.passed(type, byteLength(text))
    watch.carried('model', type, text)
    if (timedFromMs === undefined) return
    untilTimed = TIMED_ONE_IN
    watch.timed('model', nowMs() - timedFromMs)
  }

  function drop() {
    dropped++
    watch.dropped()
    const atMs = nowMs()
    rubbishAtMs = [...rubbishAtMs.filter(beforeMs => atMs - beforeMs < RUBBISH_WINDOW_MS), atMs]
    if (rubbishAtMs.length > MAX_RUBBISH) babble(rubbishAtMs.length)
  }

  return {
    hear,
    drop,
    get dropped() { return dropped },
    get lastError() { return lastError },
  }
}
