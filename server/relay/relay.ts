import { AudioFlow } from './audio-flow.ts'
import { unreadReply, unreadSpeech, type Watermarks } from './backpressure.ts'
import { closeCodeAfter, closeReason, describeFault, errorEvent, type RelayFault } from './fault.ts'
import type { Gate, HouseWord } from './gate.ts'
import { createGauge } from './gauge.ts'
import { byteLength, isSendable, type Link, type WireText } from './link.ts'
import { TIMED_ONE_IN, type RelayObserver } from './observer.ts'
import { createOpenResponses } from './responses.ts'
import { withoutKeys } from './server-event.ts'
import { settle, type Settling } from './settling.ts'
import type { Ticker } from './ticker.ts'
import { createUpstreamEar } from './upstream-ear.ts'
import { faultOfClose } from './upstream-words.ts'
import type { DialResult } from './upstream.ts'
import { createWaitingRoom } from './waiting-room.ts'
import { watchers } from './watchers.ts'

export interface RelayClock { nowMs(): number, setTimer(callback: () => void, delayMs: number): () => void }

/** How a relay ended: by which side, or by a fault of ours or theirs. */
export type RelayEnd
  = | { by: 'client', code: number }
    | { by: 'upstream', code: number, reason: string, fault: RelayFault }
    | { by: 'fault', fault: RelayFault }

export interface RelayOptions {
  client: Link
  /** Opens the upstream; the signal aborts when the client leaves first. Never rejects. */
  dial(signal: AbortSignal): Promise<DialResult>
  /** What of the client may pass. */
  gate: Gate
  observers: readonly RelayObserver[]
  /** What the client says to us and not to the model. */
  onWord?(word: HouseWord): void
  /** Events of the server itself, sent before anything of the client. */
  opening: readonly string[]
  /** Cut out of whatever the upstream says. */
  keys: readonly string[]
  clock: RelayClock
  ticker: Pick<Ticker, 'each'>
  ids: (prefix: string) => string
  /** Once: the client is gone, or has been told. `open`: responses that the model is still at work on. */
  onEnd(end: RelayEnd, open: number): void
  /** Once, after that: the upstream is let go, and every response was reported or given up (at most 3 s later). */
  onSettled?(): void
  marks?: { reply: Watermarks, speech: Watermarks }
}

export interface Relay {
  /** Ends it from our side: `error` event, then close. Idempotent. */
  end(fault: RelayFault): void
  /** After the end: what the model hasn't reported by now isn't waited for any longer. */
  giveUp(): void
  /** An event of the server's own to the model; no effect unless it is open. */
  tell(text: string): void
  /** An event of the server's own to the client. */
  say(text: string): void
  /** The client is gone, or told. */
  readonly ended: boolean
  /** Last sign that somebody is there: an answer, speech heard, a typed message. */
  readonly activeAtMs: number
  /** Upstream messages that were no events, and so not passed on. */
  readonly dropped: number
  /** Responses the model is at work on. */
  readonly openResponses: readonly string[]
}

/** In the API's words. */
const binaryRefused = { type: 'invalid_request_error', code: 'invalid_event', message: 'Expected a text WebSocket message; binary frames are not supported.' } as const
/** An open microphone says nothing about whether someone is there. */
const APPEND = 'input_audio_buffer.append'
/** What an append that was parsed and written anew has around its audio. */
const APPEND_ENVELOPE_BYTES = 50

type Phase
  = | { at: 'dialing', room: ReturnType<typeof createWaitingRoom> }
    | { at: 'open', upstream: Link }
    /** Without its client, until the model has reported what it was at work on. */
    | { at: 'settling', upstream: Link, settling: Settling | undefined }
    | { at: 'ended' }

/** One conversation: client link ⇄ upstream link. Takes over the client link and ends it. */
export function startRelay(options: RelayOptions): Relay {
  const { client, clock, gate, ids, ticker } = options
  const marks = options.marks ?? { reply: unreadReply, speech: unreadSpeech }
  const watch = watchers(options.observers)
  const responses = createOpenResponses()
  const dialing = new AbortController()
  const startedAtMs = clock.nowMs()
  let phase: Phase = { at: 'dialing', room: createWaitingRoom() }
  let activeAtMs = startedAtMs
  const flow = new AudioFlow()
  let untilTimed = 1
  watch.flows(flow)

  const reply = createGauge({
    marks: marks.reply, ticker, nowMs: clock.nowMs, unread: () => client.unreadBytes, source: openUpstream,
    giveUp: unreadBytes => end({ code: 'client_too_slow', unreadBytes }),
  })
  const speech = createGauge({
    marks: marks.speech, ticker, nowMs: clock.nowMs, unread: () => openUpstream()?.unreadBytes ?? 0, source: () => client,
    giveUp: unsentBytes => end({ code: 'upstream_stalled', unsentBytes }),
  })
  const ear = createUpstreamEar({
    keys: options.keys, gate, watch, responses, ids, nowMs: clock.nowMs, pass: passToClient,
    babble: count => end({ code: 'upstream_babble', count }),
  })

  function openUpstream(): Link | undefined {
    return phase.at === 'open' ? phase.upstream : undefined
  }

  function fromClient(text: WireText) {
    if (phase.at !== 'open' && phase.at !== 'dialing') return
    const atMs = clock.nowMs()
    const verdict = gate.check(text, atMs)
    switch (verdict.do) {
      case 'pass':
        if (verdict.type === APPEND) passAudio(verdict.text, verdict.audioBytes, atMs)
        else passEvent(verdict.text, verdict.type)
        return timeOne(atMs)
      case 'take': return options.onWord?.(verdict.word)
      case 'refuse': return refuse(verdict.error)
      case 'end': return end(verdict.fault)
      default: verdict satisfies never
    }
  }

  function passAudio(text: WireText, audioBytes: number | undefined, atMs: number) {
    passToUpstream(text)
    const bytes = byteLength(text)
    flow.append(audioBytes ?? Math.floor(Math.max(0, bytes - APPEND_ENVELOPE_BYTES) * 3 / 4), bytes, atMs)
    watch.clientAudio(text)
  }

  function passEvent(text: WireText, type: string) {
    activeAtMs = clock.nowMs()
    responses.clientEvent(type)
    passToUpstream(text)
    watch.clientEvent(type, byteLength(text))
    watch.carried('client', type, text)
  }

  function timeOne(atMs: number) {
    if (--untilTimed > 0 || phase.at !== 'open') return
    untilTimed = TIMED_ONE_IN
    watch.timed('client', clock.nowMs() - atMs)
  }

  function passToUpstream(text: WireText) {
    if (phase.at === 'open') {
      phase.upstream.send(text)
      speech.feel()
    } else if (phase.at === 'dialing') {
      phase.room.add(text)
      if (phase.room.full) client.pause()
    }
  }

  function refuse(error: { type: string, code: string | null }) {
    watch.refused(error.code ?? error.type)
    // Pausing the upstream doesn't stop answers of our own: whoever asks for errors and doesn't read them goes.
    if (client.unreadBytes > 2 * marks.reply.highBytes) return end({ code: 'client_too_slow', unreadBytes: client.unreadBytes })
    say(JSON.stringify({ type: 'error', event_id: ids('event'), error }))
  }

  function say(text: string) {
    if (phase.at !== 'open' && phase.at !== 'dialing') return
    client.send(text)
    reply.feel()
  }

  function tell(text: string) {
    if (phase.at !== 'open') return
    responses.clientEvent((JSON.parse(text) as { type: string }).type)
    phase.upstream.send(text)
    speech.feel()
  }

  function fromUpstream(text: WireText) {
    if (phase.at === 'open' || phase.at === 'settling') ear.hear(text)
    if (phase.at === 'settling') phase.settling?.look()
  }

  function passToClient(text: WireText) {
    if (phase.at !== 'open') return
    activeAtMs = clock.nowMs()
    client.send(text)
    reply.feel()
  }

  function dialed(result: DialResult) {
    if (phase.at !== 'dialing') {
      if (result.ok) result.link.close(1000, '')
      return
    }
    if (!result.ok) return end(result.fault)
    const waiting = phase.room.leave()
    phase = { at: 'open', upstream: result.link }
    watch.opened(clock.nowMs() - startedAtMs)
    for (const event of options.opening) tell(event)
    for (const event of waiting) result.link.send(event)
    result.link.listen({ message: fromUpstream, binary: ear.drop, socketDrained: speech.feel, closed: upstreamClosed })
    client.resume()
    speech.feel()
  }

  function clientClosed(code: number) {
    finish({ by: 'client', code }, isSendable(code) ? code : 1000, () => undefined)
  }

  function upstreamClosed(code: number, said: string) {
    if (phase.at === 'settling') return letGo(phase.upstream, 1000)
    const reason = withoutKeys(said, options.keys, true).toString()
    const explained = ear.lastError
    const fault = faultOfClose(code, reason, explained)
    const notice = describeFault(fault)
    finish({ by: 'upstream', code, reason, fault }, undefined, () => {
      if (!explained) client.send(errorEvent(notice, ids('event')))
      client.close(closeCodeAfter(code), reason || closeReason(explained ?? notice))
    })
  }

  function end(fault: RelayFault) {
    const notice = describeFault(fault)
    finish({ by: 'fault', fault }, 1000, () => {
      client.send(errorEvent(notice, ids('event')))
      client.close(notice.closeCode, closeReason(notice))
    })
  }

  /** @param upstreamCode what the upstream is closed with; undefined: it is gone */
  function finish(how: RelayEnd, upstreamCode: number | undefined, sayGoodbye: () => void) {
    if (phase.at !== 'open' && phase.at !== 'dialing') return
    const upstream = openUpstream()
    phase = upstream ? { at: 'settling', upstream, settling: undefined } : { at: 'ended' }
    reply.stop()
    speech.stop()
    dialing.abort()
    sayGoodbye()
    options.onEnd(how, responses.ids.length)
    if (phase.at !== 'settling') return options.onSettled?.()
    if (upstreamCode === undefined || responses.none) return letGo(phase.upstream, upstreamCode)
    const { upstream: link } = phase
    phase.settling = settle({ upstream: link, responses, ids, setTimer: clock.setTimer, done: () => letGo(link, upstreamCode) })
  }

  function letGo(upstream: Link, code: number | undefined) {
    if (phase.at !== 'settling') return
    phase.settling?.stop()
    phase = { at: 'ended' }
    const unreported = responses.ids
    if (unreported.length > 0) watch.cutOff(unreported)
    if (code !== undefined) upstream.close(code, '')
    options.onSettled?.()
  }

  client.listen({
    message: fromClient,
    binary: () => refuse(binaryRefused),
    socketDrained: reply.feel,
    stuck: () => end({ code: 'client_too_slow', unreadBytes: client.unreadBytes }),
    closed: clientClosed,
  })
  options.dial(dialing.signal).then(dialed, (error: unknown) => end({ code: 'engine_failed', detail: error instanceof Error ? error.message : 'unknown' }))
  return {
    end,
    giveUp() { if (phase.at === 'settling') letGo(phase.upstream, 1000) },
    tell,
    say,
    get ended() { return phase.at !== 'open' && phase.at !== 'dialing' },
    get activeAtMs() { return activeAtMs },
    get dropped() { return ear.dropped },
    get openResponses() { return responses.ids },
  }
}
