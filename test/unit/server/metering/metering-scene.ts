import type { KaiwaLimitEvent, KaiwaUsageEvent } from '../../../../shared/calls.ts'
import type { Person } from '../../../../server/auth/person.ts'
import type { BudgetSettings } from '../../../../server/config/settings.ts'
import type { Spent } from '../../../../server/metering/call-budget.ts'
import { createLedger, type Charge } from '../../../../server/metering/ledger.ts'
import { createMetering, type Metering } from '../../../../server/metering/metering.ts'
import { createPrices } from '../../../../server/metering/prices.ts'

export const MODEL = 'gpt-realtime-2.1'
export const anna: Person = { by: 'oidc', id: 'anna', signInId: 's1', name: 'Anna' }
export const ben: Person = { by: 'token', id: 'ben', name: 'ben' }

/** So many output tokens of audio and nothing else: 64 micro-dollars each. */
export const spoken = (audio: number, more: object = {}) => ({
  input_tokens: 0, output_tokens: audio,
  input_token_details: { text_tokens: 0, audio_tokens: 0, image_tokens: 0, cached_tokens: 0 },
  output_token_details: { text_tokens: 0, audio_tokens: audio }, ...more,
})
/** Base64 of PCM16 at 24 kHz, with a message's envelope. */
export const audioBytes = (ms: number) => ms * 64 + 160
export const dollars = (nanoUsd: number) => nanoUsd / 1e9

/** A metering with what it was told, and calls that speak the protocol's events to it. */
export function meteringScene(budgets: Partial<BudgetSettings> = {}, pricedBy: Parameters<typeof createPrices>[0] = 'built_in') {
  let nowMs = Date.UTC(2026, 10, 22, 12)
  let number = 0
  const ids = (prefix: string) => `${prefix}_${++number}`
  const charges: Charge[] = []
  const ledger = createLedger({ nowMs: () => nowMs, record: charge => charges.push(charge) })
  const all = { perCallUsd: undefined, perPersonDayUsd: undefined, perDayUsd: undefined, pricesFile: undefined, ...budgets }
  const metering = createMetering({ prices: createPrices(pricedBy), budgets: all, ledger, nowMs: () => nowMs, ids })
  return { metering, ledger, charges, wait: (ms: number) => { nowMs += ms }, spent: () => charges.reduce((sum, { amount }) => sum + (amount.nanoUsd ?? 0), 0), call: (who: Parameters<typeof callScene>[1] = {}) => callScene(metering, { callId: ids('call'), ...who }) }
}

function callScene(metering: Metering, { callId = 'call', person = anna, model = MODEL, budgetUsd, onSpent }: { callId?: string, person?: Person, model?: string, budgetUsd?: number, onSpent?: (spent: Spent) => void }) {
  const usage: KaiwaUsageEvent[] = []
  const limits: KaiwaLimitEvent[] = []
  const spent: Spent[] = []
  const meter = metering.begin({
    callId, person, model, budgetUsd,
    onUsage: event => usage.push(event), onLimit: event => limits.push(event),
    onSpent: each => { spent.push(each); onSpent?.(each) },
  })
  const { serverEvent, passed, clientEvent } = meter.observer
  const event = (type: string, fields: object = {}) => serverEvent!({ type, event_id: 'event_0', ...fields })
  return {
    meter, usage, limits, spent, event,
    passed: (type: string | undefined, bytes: number) => passed!(type, bytes),
    appended: (ms: number) => clientEvent!('input_audio_buffer.append', ms * 64 + 50),
    typed: (bytes: number) => clientEvent!('conversation.item.create', bytes),
    session: (session: object) => event('session.updated', { session }),
    created: (id = 'resp_1') => event('response.created', { response: { id, status: 'in_progress', usage: null } }),
    /** So much of the answer's audio passes, in deltas of 200 ms. */
    speaks(ms: number) {
      for (let at = 0; at < ms; at += 200) passed!('response.output_audio.delta', audioBytes(Math.min(200, ms - at)))
    },
    done: (reported: unknown, id = 'resp_1', fields: object = {}) => event('response.done', { response: { id, status: 'completed', usage: reported, ...fields } }),
    /** A whole answer. */
    answers(audioTokens: number, id = 'resp_1') {
      this.created(id)
      this.done(spoken(audioTokens), id)
    },
    end: () => meter.end(),
  }
}

export type CallScene = ReturnType<typeof callScene>
