import { shortened, wireError } from '@kaiwa/protocol/errors'
import type { ServerError } from '@kaiwa/protocol'
import type { Gate, Verdict } from '../relay/gate.ts'
import { byteLength, type WireText } from '../relay/link.ts'
import { canonicalAppend } from './canonical-append.ts'
import { eventIdOf, readEvent } from './event-object.ts'
import { notAllowed } from './not-allowed.ts'
import { createPageRules, isKnownType } from './page-rules.ts'
import { createPace, pageRates, programRates, type Rates } from './rates.ts'
import { ACK, readAck } from './house-word.ts'
import type { FreeFields } from './session-fields.ts'
import { createSlips } from './slips.ts'

export interface GateOptions {
  /** `locked`: a page, whose session the server owns. `open`: a program that speaks the API as if it were the provider's. */
  policy: 'locked' | 'open'
  /** What a page may change. @default nothing but turn detection off, and back on as it was. */
  free?: FreeFields
  /** @default by the policy */
  rates?: Rates
}

const APPEND = 'input_audio_buffer.append'
/** The longest that a page sends besides audio: a picture. The door cuts longer messages off; a gate doesn't count on that. */
export const MAX_PAGE_EVENT_BYTES = 64 * 1024

const end = (fault: Extract<Verdict, { do: 'end' }>['fault']): Verdict => ({ do: 'end', fault })
const refuse = (error: ServerError, type?: string): Verdict => ({ do: 'refuse', error, type })

/**
 * What one connection may say to the model. Audio in the form that clients write is passed after a look at its ends and its alphabet (well
 * below a microsecond); everything else is parsed. Under `open` what passes is the text that came; under `locked` anything but such audio is
 * written anew from the fields that a page may send.
 */
export function createGate({ policy, free = {}, rates = policy === 'locked' ? pageRates : programRates }: GateOptions): Gate {
  const pace = createPace(rates)
  const slips = createSlips()
  const page = policy === 'locked' ? createPageRules(free) : undefined

  function refuseSlip(error: ServerError, nowMs: number, type?: string): Verdict {
    return slips.add(nowMs) ? end({ code: 'rules_broken', what: 'unknown_events' }) : refuse(error, type)
  }

  function checkEvent(text: WireText, bytes: number, nowMs: number): Verdict {
    if (page && bytes > MAX_PAGE_EVENT_BYTES) {
      return refuse(wireError('event_too_large', `This event has ${bytes} bytes, and ${MAX_PAGE_EVENT_BYTES} are allowed. Send less at a time.`))
    }
    const reading = readEvent(text)
    if (!reading.ok) return refuseSlip(reading.error, nowMs)
    const { value, type } = reading
    const name = shortened(type)
    if (!page) return { do: 'pass', text, type: name }
    const eventId = eventIdOf(value)
    if (type === ACK) {
      const ack = readAck(value)
      return ack.ok ? { do: 'take', word: ack.word } : refuse({ ...ack.error, event_id: eventId }, type)
    }
    if (!isKnownType(type)) return refuseSlip({ ...notAllowed(`'${name}'`, 'type'), event_id: eventId }, nowMs, name)
    const ruling = page.rule(value)
    if (!ruling.ok) return refuse({ ...ruling.error, event_id: eventId }, type)
    return { do: 'pass', text: JSON.stringify(eventId === null ? ruling.event : { ...ruling.event, event_id: eventId }), type }
  }

  return {
    check(text, nowMs) {
      const bytes = byteLength(text)
      const excess = pace.take(bytes, nowMs)
      if (excess) return end({ code: 'client_too_fast', what: excess })
      const audioBytes = canonicalAppend(text)
      // Half a sample is for the slow road to refuse; a program may send another format than PCM16.
      if (audioBytes !== undefined && (audioBytes % 2 === 0 || !page)) return { do: 'pass', text, type: APPEND, audioBytes }
      return checkEvent(text, bytes, nowMs)
    },
    serverEvent(event) { page?.learn(event) },
  }
}
