import { z } from 'zod'
import type { LatencyQuantiles } from '../../shared/spending.ts'
import { invalid } from '../history/conversation-requests.ts'
import { historyRequest, json } from '../history/history-answer.ts'
import { dayOf } from '../metering/ledger.ts'

const schema = z.union([
  z.strictObject({ call_id: z.string().regex(/^[\w-]{1,128}$/) }),
  z.strictObject({ day: z.iso.date().optional() }),
])

/** `GET /api/latency?day=` (today, when left out) or `?call_id=`: p50 and p95 of one's own. Somebody else's call has as many answers as one that never was. */
export const answerLatency = historyRequest(async ({ owner, query }, { store }) => {
  const read = schema.safeParse(Object.fromEntries(query))
  if (!read.success) return invalid(read.error)
  const { data } = read
  const { firstAudioMs, firstHeardMs, relayMs } = await store.latencyQuantiles('call_id' in data ? { owner, callId: data.call_id } : { owner, day: data.day ?? dayOf(Date.now()) })
  return json({ first_audio_ms: firstAudioMs, first_heard_ms: firstHeardMs, relay_ms: relayMs } satisfies LatencyQuantiles)
})
