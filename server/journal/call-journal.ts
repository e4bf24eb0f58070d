import type { KaiwaUsageEvent, UsageAmount } from '../../shared/calls.ts'
import type { ServerEventFacts } from '../relay/gate.ts'
import type { WireText } from '../relay/link.ts'
import type { RelayObserver } from '../relay/observer.ts'
import { withoutKeys } from '../relay/server-event.ts'
import type { Continues, JournalEntry, TurnLatency } from '../store/journal-entry.ts'
import { audioIn, bytesOfBase64, itemOf } from './audio-message.ts'
import { createItemBook, type ItemChange } from './item-book.ts'
import { createInputClock, type InputClock } from './input-clock.ts'
import type { CallRecorder, Stretch } from './call-recorder.ts'
import { createSpokenSpans, isAside } from './spoken-spans.ts'
import type { Spool } from './spool.ts'
import { toLine } from './spool-line.ts'
import { msOfBytes, objectAt, sessionAfter, unknownSession } from './voice-format.ts'
import { wirePayload } from './wire-payload.ts'

/** What is known of a call when it begins. */
export interface CallFacts {
  callId: string
  conversationId: string
  /** Key of the person. */
  owner: string
  from: 'page' | 'client'
  transport: 'websocket' | 'webrtc'
  brain: string
  model: string
  voice: string | null
  persona: Extract<JournalEntry, { type: 'call_began' }>['persona']
  continues: Continues | null
  /** Items that are kept already and are told to the model anew: of what it says of them only their deletion counts. */
  restored?: readonly string[]
  /** The provider's; in nothing that is kept. */
  keys: readonly string[]
}

/** Writes down one call. Its observer has to stand after the meter's. */
export interface CallJournal {
  observer: RelayObserver
  /** What a response or a transcription cost. */
  used(event: Pick<KaiwaUsageEvent, 'response_id' | 'model' | 'response' | 'prices_of'>): void
  /** What a response cost that belonged to no conversation, such as one about it; also when the call is over. */
  beside(event: Pick<KaiwaUsageEvent, 'response_id' | 'model' | 'response' | 'prices_of'>): void
  /** How long an answer took. */
  took(latency: TurnLatency): void
  /** Of the conversation nothing more is kept: it was deleted. */
  mute(): void
  /** Once, when nothing more will be told. */
  end(how: string, code: string | null): void
}

export interface CallJournalOptions {
  facts: CallFacts
  spool: Pick<Spool, 'append'>
  /** Monotonic. */
  nowMs(): number
  /** Unix, ms. */
  wallMs(): number
  /** Undefined: no voice is kept. */
  record?(input: InputClock, onStretch: (stretch: Stretch) => void): CallRecorder
}

/** Of one call. Full ⇒ further ones aren't kept: a replay's inspector shows the beginning. */
const MAX_WIRE_EVENTS = 400
/** Costs of responses that haven't ended yet. Full ⇒ the oldest is forgotten. */
const MAX_USAGES = 64

type Fields<E> = E extends JournalEntry ? Omit<E, 'callId' | 'conversationId' | 'seq' | 'atMs'> : never
type Draft = Fields<JournalEntry>
interface Usage { model: string, usage: UsageAmount, pricesOf: string | null }

const isDelta = (type: string | undefined) => type === 'response.output_audio_transcript.delta' || type === 'response.output_text.delta'
const textOr = (value: unknown, other: string) => typeof value === 'string' ? value : other

/**
 * A call with which nothing was said leaves nothing: its beginning is written with the first item, response or voice. What is final
 * goes to the spool before the relay passes the event that made it so.
 */
export function createCallJournal({ facts, spool, nowMs, wallMs, record }: CallJournalOptions): CallJournal {
  const { callId, conversationId, keys } = facts
  const beganAtMs = nowMs()
  const callMs = () => nowMs() - beganAtMs
  const book = createItemBook(facts.restored, facts.continues?.afterItemId ?? undefined)
  const input = createInputClock(beganAtMs)
  const spans = createSpokenSpans(input)
  const restored = new Set<unknown>(facts.restored)
  const usages = new Map<string, Usage>()
  let transcription: Usage | undefined
  let session = unknownSession
  let lines: string[] = []
  let seq = 0
  let worthKeeping = false
  let muted = false
  let wireEvents = 0
  /** The answer whose audio comes. */
  let answerId = ''
  let spanGrew = false

  const recorder = record?.(input, stretch => {
    add({ type: 'audio', ...stretch })
    keep(true)
  })

  add({ type: 'call_began', ...pick(facts) })

  function add(draft: Draft) {
    const line = toLine({ callId, conversationId, seq: ++seq, atMs: wallMs(), ...draft } as JournalEntry)
    lines.push(keys.length === 0 ? line : withoutKeys(line, keys, false).toString())
  }

  /** To the spool; what isn't final may wait for company. */
  function keep(final: boolean) {
    if (muted || lines.length === 0 || !worthKeeping) return
    spool.append(lines, final)
    lines = []
  }

  function changed(changes: readonly ItemChange[]) {
    for (const { item } of changes) add({ type: 'item', item })
    if (changes.length === 0) return
    worthKeeping = true
    keep(changes.some(({ final }) => final))
  }

  function wireEvent(direction: 'in' | 'out', event: { type: string }) {
    if (wireEvents >= MAX_WIRE_EVENTS) return
    wireEvents++
    add({ type: 'wire_event', direction, eventType: event.type, callMs: Math.round(callMs()), payload: wirePayload(event) })
    keep(false)
  }

  /** What was said before is kept where it was said, and goes when it is deleted there. */
  const isOfBefore = (event: ServerEventFacts) => restored.size > 0 && restored.has(objectAt(event, 'item')?.id)

  function serverEvent(event: ServerEventFacts) {
    if (muted) return
    if (spanGrew) tellSpan(answerId)
    if (!isOfBefore(event)) wireEvent('in', event)
    takeTranscriptionUsage(event)
    understand(event)
  }

  function tellSpan(itemId: string) {
    spanGrew = false
    const span = spans.ofAnswer(itemId)
    if (span) book.spoken(itemId, span)
  }

  function understand(event: ServerEventFacts) {
    const { item_id: itemId } = event
    switch (event.type) {
      case 'session.created': case 'session.updated':
        session = sessionAfter(session, event)
        input.speaks(session.input)
        return recorder?.session(session)
      case 'input_audio_buffer.speech_started': return spans.speechStarted(itemId, event.audio_start_ms, callMs())
      case 'input_audio_buffer.speech_stopped': return void spans.speechEnded(itemId, event.audio_end_ms, callMs())
      case 'input_audio_buffer.cleared': return spans.cleared()
      case 'input_audio_buffer.committed': return committed(event)
      case 'conversation.item.added': case 'conversation.item.created': case 'conversation.item.done':
      case 'response.output_item.added': case 'response.output_item.done': return changed(book.item(event))
      case 'response.output_audio_transcript.done': case 'response.output_text.done': return changed(book.text(event))
      case 'conversation.item.input_audio_transcription.completed': return changed(book.transcribed(itemId, textOr(event.transcript, '')))
      case 'conversation.item.input_audio_transcription.failed': return changed(book.transcribed(itemId, undefined))
      case 'conversation.item.truncated': return truncated(event)
      case 'conversation.item.deleted': return deleted(itemId)
      case 'output_audio_buffer.started': return spans.playing(callMs())
      case 'output_audio_buffer.stopped': case 'output_audio_buffer.cleared': return played()
      case 'response.created': return responseBegan(event)
      case 'response.done': return responseDone(event)
      default:
    }
  }

  function committed(event: ServerEventFacts) {
    const span = spans.committed(event.item_id, callMs())
    if (span && typeof event.item_id === 'string') book.spoken(event.item_id, span)
    changed(book.committed(event, session.transcribes))
  }

  function truncated({ item_id: itemId, audio_end_ms: heardMs }: ServerEventFacts) {
    if (typeof itemId === 'string' && typeof heardMs === 'number') {
      const span = spans.cut(itemId, heardMs, callMs())
      if (span) book.spoken(itemId, span)
    }
    changed(book.truncated(itemId, heardMs))
  }

  function played() {
    const span = spans.played(callMs())
    if (span) changed(book.played(answerId, span))
  }

  function deleted(itemId: unknown) {
    const id = book.deleted(itemId)
    if (id === undefined) return
    add({ type: 'item_removed', itemId: id })
    keep(true)
  }

  function responseBegan(event: ServerEventFacts) {
    book.responseBegan(textOr(objectAt(event, 'response')?.id, ''), isAside(event))
  }

  function responseDone(event: ServerEventFacts) {
    const response = objectAt(event, 'response')
    const id = textOr(response?.id, '')
    if (response?.status === 'cancelled') spans.silenced(callMs())
    for (const item of Array.isArray(response?.output) ? response.output : []) changed(book.item({ type: 'response.output_item.done', response_id: id, item }))
    changed(book.responseEnded(id))
    responseOver(id, textOr(response?.status, 'completed'))
  }

  function responseOver(id: string, status: string) {
    const { model, usage, pricesOf } = usages.get(id) ?? { model: facts.model, usage: null, pricesOf: null }
    usages.delete(id)
    if (id === '') return
    add({ type: 'response', responseId: id, status, model, usage, pricesOf })
    worthKeeping = true
    keep(true)
  }

  /** The meter read the same event a moment ago. */
  function takeTranscriptionUsage({ type, item_id: itemId }: ServerEventFacts) {
    if (!transcription) return
    const isOfThis = type === 'conversation.item.input_audio_transcription.completed' && typeof itemId === 'string'
    add({ type: 'transcription_usage', itemId: isOfThis ? itemId : null, ...transcription })
    transcription = undefined
  }

  function clientAudio(text: WireText) {
    const place = muted ? undefined : audioIn(text, 'audio')
    if (place) recorder?.said(text, place)
  }

  function fromModel(type: string | undefined, text: WireText) {
    if (type === 'response.output_audio.delta') return answered(text)
    if (!isDelta(type)) return
    const { item_id: itemId, delta } = parsed(text)
    if (typeof itemId !== 'string' || typeof delta !== 'string') return
    if (!spanGrew) answerId = itemId
    book.words(itemId, delta)
  }

  function answered(text: WireText) {
    const place = audioIn(text, 'delta')
    if (!place) return
    const itemId = itemOf(text) ?? answerId
    if (itemId !== answerId && spanGrew) tellSpan(answerId)
    answerId = itemId
    spanGrew = true
    const fromMs = spans.answered(itemId, msOfBytes(bytesOfBase64(text, place), session.output), callMs())
    recorder?.answered(itemId, text, place, fromMs)
  }

  return {
    observer: {
      flows: input.follow,
      ...(recorder && { clientAudio }),
      serverEvent,
      carried(from, type, text) {
        if (muted) return
        if (from === 'client') wireEvent('out', { ...parsed(text), type: type ?? 'unknown' })
        else fromModel(type, text)
      },
      cutOff(responseIds) {
        if (spanGrew) tellSpan(answerId)
        for (const id of responseIds) changed(book.responseEnded(id))
      },
    },
    used({ response_id: id, model, response: usage, prices_of: pricesOf }) {
      const of: Usage = { model, usage, pricesOf }
      if (id === null) {
        takeTranscriptionUsage({ type: '' })
        transcription = of
        return
      }
      if (usages.size >= MAX_USAGES) usages.delete(usages.keys().next().value!)
      usages.set(id, of)
    },
    beside({ response_id: id, model, response: usage, prices_of: pricesOf }) {
      if (muted || id === null) return
      add({ type: 'response', responseId: id, status: 'beside', model, usage, pricesOf })
      keep(true)
    },
    took(latency) {
      if (muted) return
      add({ type: 'turn_latency', latency })
      keep(false)
    },
    mute() {
      muted = true
      lines = []
      recorder?.discard()
    },
    end(how, code) {
      if (muted) return
      takeTranscriptionUsage({ type: '' })
      for (const id of [...usages.keys()]) responseOver(id, 'unreported')
      add({ type: 'call_ended', how, code })
      keep(true)
      if (worthKeeping) recorder?.end()
      else recorder?.discard()
    },
  }
}

/** Deltas pass unparsed: what looks like one may be none. */
function parsed(text: WireText): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text.toString())
    return typeof value === 'object' && value !== null ? value as Record<string, unknown> : {}
  } catch {
    return {}
  }
}

function pick({ owner, from, transport, brain, model, voice, persona, continues }: CallFacts) {
  return { owner, from, transport, brain, model, voice, persona, continues }
}
