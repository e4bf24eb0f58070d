import { Readable } from 'node:stream'
import type { DeletedData } from '../../shared/history.ts'
import type { Store } from '../store/store.ts'
import { asFile } from './file-name.ts'
import { historyRequest, json } from './history-answer.ts'
import { EXPORT_VERSION, toJsonDocument } from './json-export.ts'
import { readWhole } from './whole-conversation.ts'

const PAGE = 100
/** What a day's spending is kept for at most, and more. */
const FIRST_DAY = '2020-01-01'
const LAST_DAY = '9999-12-31'

/** `GET /api/me/export`: one JSON document with everything of this person, written as it is read. Voices are had as WAV, conversation by conversation. */
export const exportEverything = historyRequest(async ({ owner }, { store }) => {
  // What fails at once is told as a refusal; later there is no way but to break off.
  const first = await store.list(owner, { limit: PAGE })
  return {
    status: 200, headers: [['Content-Type', 'application/json; charset=utf-8'], asFile('kaiwa-everything', null, Date.now(), 'json')],
    body: Readable.from(everythingOf(store, owner, first), { objectMode: false }),
  }
})

async function* everythingOf(store: Store, owner: string, first: Awaited<ReturnType<Store['list']>>) {
  yield `{"format":"kaiwa-everything","version":${EXPORT_VERSION},"conversations":[`
  // The list's order changes when somebody talks meanwhile.
  const seen = new Set<string>()
  for (let page = first; ;) {
    for (const { id } of page.entries) {
      const whole = seen.has(id) ? undefined : await readWhole(store, owner, id)
      if (!whole) continue
      const document = { ...toJsonDocument(whole, await store.personas(owner, id)), events: await eventsOf(store, owner, id) }
      yield `${seen.size === 0 ? '\n' : ',\n'}${JSON.stringify(document)}`
      seen.add(id)
    }
    if (page.next === null) break
    page = await store.list(owner, { limit: PAGE, after: page.next })
  }
  const spending = await store.spending({ fromDay: FIRST_DAY, toDay: LAST_DAY, owner })
  yield `\n],"spending":${JSON.stringify(spending.map(({ day, model, responses, usage, pricesOf }) => ({ day, model, responses, usage, prices_of: pricesOf })))}}\n`
}

/** A journal keeps some hundred of a call. */
async function eventsOf(store: Pick<Store, 'events'>, owner: string, id: string) {
  const events = []
  for (let after: string | undefined; ;) {
    const page = await store.events(owner, id, { limit: PAGE, ...(after !== undefined && { after }) })
    for (const event of page.entries) {
      events.push({ call_id: event.callId, seq: event.seq, direction: event.direction, type: event.eventType, call_ms: event.callMs, payload: event.payload })
    }
    if (page.next === null) return events
    after = page.next
  }
}

/** `DELETE /api/me/data`: all of it, for good. Calls that go on do so, and are no longer kept. */
export const deleteEverything = historyRequest(async ({ owner }, { journal }) => {
  const { conversations } = await journal.forgetting.everythingOf(owner)
  return json({ conversations } satisfies DeletedData)
})
