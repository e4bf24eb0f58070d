import { feelPressure, flowing, unreadReply, unreadSpeech, type Pressure, type Watermarks } from './backpressure.ts'
import { closeReason, describeFault, errorEvent, type RelayFault } from './fault.ts'
import { isSendable, type Link, type WireText } from './link.ts'
import { glanceAt, isAppend, withoutKeys } from './server-event.ts'
import type { DialResult } from './upstream.ts'
import { createWaitingRoom } from './waiting-room.ts'

export interface RelayClock { nowMs(): number, setTimer(callback: () => void, delayMs: number): () => void }

/** How a relay ended: by which side, or by a fault of ours or theirs. */
export type RelayEnd
  = | { by: 'client', code: number }
    | { by: 'upstream', code: number, reason: string }
    | { by: 'fault', fault: RelayFault }

export interface RelayOptions {
  client: Link
  /** Opens the upstream; the signal aborts when the client leaves first. Never rejects. */
  dial(signal: AbortSignal): Promise<DialResult>
  /** Events of the server itself, sent before anything of the client. */
  opening: readonly string[]
  /** Cut out of whatever the upstream says. */
  keys: readonly string[]
  clock: RelayClock
  ids: (prefix: string) => string
  onEnd(end: RelayEnd): void
  marks?: { reply: Watermarks, speech: Watermarks }
}

export interface Relay {
  /** Ends it from our side: `error` event, then close. Idempotent. */
  end(fault: RelayFault): void
  readonly ended: boolean
  /** Last sign that somebody is there: an answer, speech heard, a typed message. */
  readonly activeAtMs: number
  /** Upstream messages that were no events, and so not passed on. */
  readonly dropped: number
}

/** More in ten seconds than a slip explains: the upstream is broken. */
const MAX_RUBBISH = 20
const RUBBISH_WINDOW_MS = 10_000
/** How often a paused side is looked at. */
const PRESSURE_CHECK_MS = 500

/** In the API's words. */
const binaryRefused = { type: 'invalid_request_error', code: 'invalid_event', message: 'Expected a text WebSocket message; binary frames are not supported.' } as const

type Phase = { at: 'dialing', room: ReturnType<typeof createWaitingRoom> } | { at: 'open', upstream: Link } | { at: 'ended' }

/** One conversation: client link ⇄ upstream link. Takes over the client link and ends it. */
export function startRelay(options: RelayOptions): Relay {
  const { client, clock } = options
  const marks = options.marks ?? { reply: unreadReply, speech: unreadSpeech }
  const dialing = new AbortController()
  let phase: Phase = { at: 'dialing', room: createWaitingRoom() }
  let activeAtMs = clock.nowMs()
  let lastError: { type: string, code: string } | undefined
  let dropped = 0
  let rubbishAtMs: number[] = []
  let cancelCheck = () => {}

  const reply = gauge(marks.reply, () => client.unreadBytes, upstreamOrNothing, unreadBytes => end({ code: 'client_too_slow', unreadBytes }))
  const speech = gauge(marks.speech, () => phase.at === 'open' ? phase.upstream.unreadBytes : 0, () => client, unsentBytes => end({ code: 'upstream_stalled', unsentBytes }))

  function upstreamOrNothing(): Link | undefined {
    return phase.at === 'open' ? phase.upstream : undefined
  }

  /** Watches one direction: what stands before `unread` pauses `source`. */
  function gauge(limits: Watermarks, unread: () => number, source: () => Link | undefined, giveUp: (unreadBytes: number) => void) {
    let pressure: Pressure = flowing
    return {
      get paused() { return pressure.phase === 'paused' },
      feel() {
        if (phase.at === 'ended') return
        const [next, effect] = feelPressure(pressure, unread(), clock.nowMs(), limits)
        pressure = next
        if (effect === 'pause') source()?.pause()
        if (effect === 'resume') source()?.resume()
        if (effect === 'give_up') giveUp(unread())
      },
    }
  }

  function checkPressure() {
    if (reply.paused) reply.feel()
    if (speech.paused) speech.feel()
    // Feeling may have ended it.
    if (phase.at === 'ended') return
    cancelCheck = clock.setTimer(checkPressure, PRESSURE_CHECK_MS)
  }

  function fromClient(text: WireText) {
    if (!isAppend(text)) activeAtMs = clock.nowMs()
    if (phase.at === 'open') {
      phase.upstream.send(text)
      speech.feel()
    } else if (phase.at === 'dialing') {
      phase.room.add(text)
      if (phase.room.full) client.pause()
    }
  }

  function binaryFromClient() {
    client.send(errorEvent(binaryRefused, options.ids('event')))
    reply.feel()
  }

  function fromUpstream(text: WireText) {
    if (phase.at !== 'open') return
    const glance = glanceAt(text)
    if (glance.kind === 'rubbish') return drop()
    lastError = glance.kind === 'error' ? { type: glance.type, code: glance.code } : undefined
    activeAtMs = clock.nowMs()
    client.send(withoutKeys(text, options.keys, glance.kind === 'error'))
    reply.feel()
  }

  function drop() {
    dropped++
    const nowMs = clock.nowMs()
    rubbishAtMs = [...rubbishAtMs.filter(atMs => nowMs - atMs < RUBBISH_WINDOW_MS), nowMs]
    if (rubbishAtMs.length > MAX_RUBBISH) end({ code: 'upstream_babble', count: rubbishAtMs.length })
  }

  function dialed(result: DialResult) {
    if (phase.at !== 'dialing') {
      if (result.ok) result.link.close(1000, '')
      return
    }
    if (!result.ok) return end(result.fault)
    const waiting = phase.room.leave()
    phase = { at: 'open', upstream: result.link }
    for (const event of [...options.opening, ...waiting]) result.link.send(event)
    result.link.listen({ message: fromUpstream, binary: drop, socketDrained: speech.feel, closed: upstreamClosed })
    client.resume()
    speech.feel()
  }

  function clientClosed(code: number) {
    finish(upstream => upstream?.close(isSendable(code) ? code : 1000, ''), { by: 'client', code })
  }

  function upstreamClosed(code: number, reason: string) {
    const fault: RelayFault = { code: 'upstream_lost', closeCode: code, reason }
    const notice = describeFault(fault)
    const explained = lastError
    finish(() => {
      if (!explained) client.send(errorEvent(notice, options.ids('event')))
      const said = withoutKeys(reason, options.keys, true).toString()
      client.close(notice.closeCode, said || closeReason(explained ?? notice))
    }, { by: 'upstream', code, reason: withoutKeys(reason, options.keys, true).toString() })
  }

  function end(fault: RelayFault) {
    const notice = describeFault(fault)
    finish(upstream => {
      client.send(errorEvent(notice, options.ids('event')))
      client.close(notice.closeCode, closeReason(notice))
      upstream?.close(1000, '')
    }, { by: 'fault', fault })
  }

  function finish(sayGoodbye: (upstream: Link | undefined) => void, how: RelayEnd) {
    if (phase.at === 'ended') return
    const upstream = upstreamOrNothing()
    phase = { at: 'ended' }
    cancelCheck()
    dialing.abort()
    sayGoodbye(upstream)
    options.onEnd(how)
  }

  client.listen({ message: fromClient, binary: binaryFromClient, socketDrained: reply.feel, closed: clientClosed })
  checkPressure()
  options.dial(dialing.signal).then(dialed, (error: unknown) => end({ code: 'engine_failed', detail: error instanceof Error ? error.message : 'unknown' }))
  return {
    end,
    get ended() { return phase.at === 'ended' },
    get activeAtMs() { return activeAtMs },
    get dropped() { return dropped },
  }
}
