import type { KaiwaDrainingEvent, KaiwaLatencyEvent, KaiwaLimitEvent, KaiwaUsageEvent, UsageAmount } from '../../shared/calls.ts'
import type { AnswerLatency, Spent, Usage, Warning } from './call.ts'

/** What our own server says beside the protocol (`kaiwa.*`) → our words. Pure; what can't be read means nothing. */

export type HouseEvent
  = | { type: 'usage', usage: Usage }
    | { type: 'warning', warning: Warning }
    | { type: 'limit_reached', of: KaiwaLimitEvent['of'] }
    | { type: 'latency', latency: AnswerLatency }

/** `nowMs`: on the call's clock, as are the moments in what is returned. */
export function readHouseEvent(type: string, text: string, nowMs: number): HouseEvent | undefined {
  if (!type.startsWith('kaiwa.')) return undefined
  const event = JSON.parse(text) as Record<string, unknown>
  switch (type) {
    case 'kaiwa.usage': return isUsage(event) ? { type: 'usage', usage: usageOf(event) } : undefined
    case 'kaiwa.limit': return isLimit(event) ? limitOf(event, nowMs) : undefined
    case 'kaiwa.latency': return isLatency(event) ? { type: 'latency', latency: latencyOf(event) } : undefined
    case 'kaiwa.draining': return isCount(event.seconds) ? { type: 'warning', warning: drainingOf(event as unknown as KaiwaDrainingEvent, nowMs) } : undefined
    // What is in `kaiwa.call` was said with the ticket; the rest isn't acted on yet.
    default: return undefined
  }
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null
const isCount = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value) && value >= 0
const counts = (value: unknown, names: readonly string[]) => isObject(value) && names.every(name => isCount(value[name]))

const inputKinds = ['text', 'audio', 'image', 'cached_text', 'cached_audio', 'cached_image'] as const
const isAmount = (value: unknown): value is UsageAmount => isObject(value) && (value.usd === null || isCount(value.usd))
  && counts(value.input_tokens, inputKinds) && counts(value.output_tokens, ['text', 'audio']) && isCount(value.transcription_seconds)

const isUsage = (event: Record<string, unknown>): event is Record<string, unknown> & KaiwaUsageEvent => typeof event.model === 'string'
  && (event.prices_of === null || typeof event.prices_of === 'string') && isAmount(event.response) && isAmount(event.call) && isAmount(event.day)

const limits: readonly unknown[] = ['call', 'person', 'everyone', 'time'] satisfies KaiwaLimitEvent['of'][]
const isLimit = (event: Record<string, unknown>): event is Record<string, unknown> & KaiwaLimitEvent =>
  limits.includes(event.of) && (event.state === 'near' || event.state === 'reached')
  && [event.spent_usd, event.budget_usd, event.ends_in_seconds].every(value => value === null || isCount(value))

const spans = ['committed_ms', 'first_text_ms', 'first_audio_ms', 'first_heard_ms', 'relay_ms'] as const
const isLatency = (event: Record<string, unknown>): event is Record<string, unknown> & KaiwaLatencyEvent =>
  typeof event.response_id === 'string' && typeof event.speech_end_ms === 'number' && spans.every(name => event[name] === null || isCount(event[name]))

const latencyOf = (event: KaiwaLatencyEvent): AnswerLatency => ({
  replyId: event.response_id,
  committedMs: event.committed_ms ?? undefined,
  textMs: event.first_text_ms ?? undefined,
  audioMs: event.first_audio_ms ?? undefined,
  heardMs: event.first_heard_ms ?? undefined,
  relayMs: event.relay_ms ?? undefined,
})

const usageOf = ({ response_id, model, prices_of, response, call, day }: KaiwaUsageEvent): Usage =>
  ({ of: response_id === null ? 'transcription' : 'response', model, pricesOf: prices_of ?? undefined, last: spentOf(response), call: spentOf(call), day: spentOf(day) })

function spentOf({ usd, input_tokens: input, output_tokens: output, transcription_seconds }: UsageAmount): Spent {
  return {
    usd: usd ?? undefined,
    inputTokens: { text: input.text, audio: input.audio, image: input.image },
    cachedTokens: { text: input.cached_text, audio: input.cached_audio, image: input.cached_image },
    outputTokens: { text: output.text, audio: output.audio },
    transcribedSeconds: transcription_seconds,
  }
}

function limitOf({ of, state, spent_usd, budget_usd, ends_in_seconds }: KaiwaLimitEvent, nowMs: number): HouseEvent {
  if (state === 'reached') return { type: 'limit_reached', of }
  return { type: 'warning', warning: {
    of, spentUsd: spent_usd ?? undefined, budgetUsd: budget_usd ?? undefined, endsAtMs: ends_in_seconds === null ? undefined : nowMs + ends_in_seconds * 1000,
  } }
}

const drainingOf = ({ seconds }: KaiwaDrainingEvent, nowMs: number): Warning => ({ of: 'server', endsAtMs: nowMs + seconds * 1000 })
