import type { Readable } from 'node:stream'
import type { Identity } from '../auth/identify.ts'
import { bearerIn } from '../auth/bearer.ts'
import type { Person } from '../auth/person.ts'
import { programsAreFree } from '../auth/who-may.ts'
import { AudioError } from '../journal/audio-keeper.ts'
import { personKey } from '../metering/metering.ts'
import { refusal, refusalBody, refuseForOrigin, signInRequired, type Knock, type Refusal } from '../realtime/admission.ts'
import type { Instance } from '../realtime/instance.ts'
import { noteRefusal } from '../realtime/refusal-line.ts'
import { StoreError } from '../store/store.ts'

/** One request for what is kept. */
export interface HistoryAsk {
  method: string
  headers: Knock['headers'] & { 'content-type'?: string, range?: string }
  identity: Pick<Identity, 'visitor' | 'program' | 'address'>
  /** Path and query. */
  url: string
  /** Of the path, decoded. */
  params: Readonly<Record<string, string>>
  /** The body's text; longer than `MAX_HISTORY_BODY_CHARS` it is refused. */
  body: string
}

/** An HTTP answer as a value; an object is sent as JSON. */
export interface HistoryAnswer { status: number, headers: [name: string, value: string][], body?: object | Readable }

export type HistoryHouse = Pick<Instance, 'settings' | 'store' | 'journal' | 'calls' | 'log' | 'numbers' | 'metering'>

/** Somebody who may ask, and what of. */
export interface Asker extends HistoryAsk { owner: string, query: URLSearchParams }

export type AnswerHistory = (ask: HistoryAsk, house: HistoryHouse) => Promise<HistoryAnswer>

export const MAX_HISTORY_BODY_CHARS = 4096
/** What was said a moment ago is on its way to the store: the list after a call has the call. */
const CAUGHT_UP_MS = 1500
const ID = /^[\w-]{1,128}$/

export const noConversation = refusal(404, 'conversation_not_found', 'There is no such conversation.')
export const noItem = refusal(404, 'item_not_found', 'There is no such item in that conversation.')
export const nothingKept = refusal(404, 'nothing_kept', 'This server keeps no conversations. Whoever runs it can change that with KAIWA_STORE.')

export const json = (body: object, status = 200): HistoryAnswer => ({ status, headers: [], body })
const isRefusal = (answer: HistoryAnswer | Refusal): answer is Refusal => 'admitted' in answer

/** What every request for what is kept has in common: who asks, that something is kept, and what a store that fails is called. */
export function historyRequest(answer: (asker: Asker, house: HistoryHouse) => Promise<HistoryAnswer | Refusal>): AnswerHistory {
  return async (ask, house) => {
    const asker = askerOf(ask, house)
    return finished('admitted' in asker ? asker : await answerOwner(ask, personKey(asker), house, answer), ask, house)
  }
}

/** An answer, or the refusal in its place, as it goes out. */
export function finished(answered: HistoryAnswer | Refusal, ask: HistoryAsk, house: HistoryHouse): HistoryAnswer {
  const { status, headers, body } = isRefusal(answered) ? refuse(answered, ask, house) : answered
  return { status, headers: [['Cache-Control', 'no-store'], ...headers], ...(body && { body }) }
}

async function answerOwner(
  ask: HistoryAsk, owner: string, house: HistoryHouse, answer: Parameters<typeof historyRequest>[0],
): Promise<HistoryAnswer | Refusal> {
  if (house.settings.journal.keeps === 'none') return nothingKept
  if (ask.params.id !== undefined && !ID.test(ask.params.id)) return noConversation
  if (ask.params.item !== undefined && !ID.test(ask.params.item)) return noItem
  try {
    await house.journal.caughtUp(CAUGHT_UP_MS)
    const { searchParams: query } = new URL(ask.url, 'http://kaiwa')
    return await answer({ ...ask, owner, query }, house)
  } catch (error) {
    return refusalOfTrouble(error, house)
  }
}

/** Whoever asks: a program by its token, else whoever the page belongs to. */
export function askerOf({ method, headers, identity: { program, visitor } }: HistoryAsk, { settings }: Pick<HistoryHouse, 'settings'>): Person | Refusal {
  // A browser names no origin when a page reads from its own server; another site's page couldn't read the answer.
  const misplaced = refuseForOrigin(method === 'GET' ? { host: headers.host, origin: headers.origin } : headers, settings)
  if (misplaced) return misplaced
  if (program) return program
  if (bearerIn(headers) !== undefined && !programsAreFree(settings)) return refusal(401, 'invalid_api_key', 'That token is not one of this server\'s. Whoever runs it names tokens in KAIWA_API_TOKENS.')
  return visitor ?? signInRequired(settings)
}

/** @throws whatever it doesn't know */
export function refusalOfTrouble(error: unknown, { log }: Pick<HistoryHouse, 'log'>): Refusal {
  if (error instanceof AudioError) return refusal(404, 'no_audio', error.message)
  if (!(error instanceof StoreError)) throw error
  switch (error.code) {
    case 'bad_query': return refusal(400, 'invalid_value', error.message)
    case 'busy': case 'gone': case 'timeout': return refusal(503, 'store_unavailable', 'What is kept can\'t be reached at the moment. Nothing is lost; try again in a moment.', 3)
    case 'full': case 'read_only': case 'broken': case 'newer_version':
      log.error({ code: error.code, why: error.message }, 'the store could not answer')
      return refusal(503, 'store_unavailable', 'What is kept can\'t be reached. Whoever runs this server finds the reason in its log.', 60)
    default: return error.code satisfies never
  }
}

function refuse(told: Refusal, { identity: { program, visitor, address }, url }: HistoryAsk, { log, numbers }: HistoryHouse): HistoryAnswer {
  noteRefusal(log, 'request', told, { by: (program ?? visitor)?.by, address }, url.split('?')[0])
  numbers.refused(told.code)
  return { status: told.status, headers: told.retryAfterSeconds === undefined ? [] : [['Retry-After', String(told.retryAfterSeconds)]], body: refusalBody(told) }
}
