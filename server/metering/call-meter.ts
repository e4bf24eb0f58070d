import type { KaiwaLimitEvent, KaiwaUsageEvent } from '../../shared/calls.ts'
import type { Gate, ServerEventFacts } from '../relay/gate.ts'
import { byteLength } from '../relay/link.ts'
import type { RelayObserver } from '../relay/observer.ts'
import { nothing, plus, responseAmount, transcriptionAmount, usageAmount, type Amount } from './amount.ts'
import { createCallBudget, type Budgets, type Scope, type Spent } from './call-budget.ts'
import { costOf, readTranscriptionUsage, readUsage, transcriptionCost, type Tokens, type TranscriptionUse } from './cost.ts'
import {
  aheadNanoUsd, assistantMsOf, assistantTokensOf, estimateTokens, goodbyeNanoUsd, inputNanoUsd, nextNanoUsd, textMsOf, userTokensOf, type LastResponse,
} from './estimate.ts'
import type { Ledger, Reservation } from './ledger.ts'
import { createMoneyGate } from './money-gate.ts'
import { isFree, type Prices } from './prices.ts'
import { createTally, SAID_STEP_MS } from './tally.ts'

/** Who is told what a call costs, what is charged at its end included. All are called from within the observer's methods or `end`, never later. */
export interface CallMeterListener {
  onUsage(event: KaiwaUsageEvent): void
  onLimit(event: KaiwaLimitEvent): void
  /** Once at most: the call has to end within five seconds, at once unless `mayGoodbye`. */
  onSpent(spent: Spent): void
}

export interface CallMeter {
  observer: RelayObserver
  /** Before the call's gate: what is asked for beside the conversation has to have its money before it begins. */
  guard(gate: Gate): Gate
  /** The call is over, whoever left: what nobody reported is charged by estimate. Idempotent. */
  end(): void
}

export interface CallMeterOptions extends CallMeterListener {
  callId: string
  /** Key of a person. */
  person: string
  model: string
  prices: Prices
  budgets: Budgets
  ledger: Ledger
  ids: (prefix: string) => string
  day(): string
  tellOthers(state: 'near' | 'reached', of: 'person' | 'everyone', isEnough?: () => boolean): void
}

/** A meter as the other calls' meters see it. */
export interface LiveMeter extends CallMeter {
  readonly person: string
  /** Once it can be heard: keeps money for the first response. */
  begin(): void
  hear(state: 'near' | 'reached', of: Scope): void
}

interface OpenResponse { reservation: Reservation, saidMs: number, inputNanoUsd: number }
interface OpenTranscription { reservation: Reservation, ms: number, model: string | undefined }

/** Responses, and transcriptions, under way at a time. Full ⇒ the oldest is charged by estimate. */
const MAX_OPEN = 64
/** Finished responses that are remembered, so that none is charged twice. */
const MAX_DONE = 64
/** An answer that comes near what was set aside for it gets this much more at a time. */
const STEP_MS = 5000

const oldest = <K, V>(map: Map<K, V>): [K, V] => map.entries().next().value!

/**
 * The meter of one call. Every response and every transcription is charged once: by its `usage` where it reports one (API,
 * `response.done`, `…input_audio_transcription.completed`), else by estimate. Out-of-band and cancelled responses count like others;
 * a failed one of which nothing came and nothing is reported costs nothing.
 */
export function createCallMeter(options: CallMeterOptions): LiveMeter {
  const { callId, person, model, ledger, ids } = options
  const price = options.prices.model(model)
  const isMetered = price !== undefined && !isFree(price.prices)
  const open = new Map<string, OpenResponse>()
  const transcriptions = new Map<string, OpenTranscription>()
  const done = new Set<string>()
  let amount: Amount = nothing
  let last: LastResponse | undefined
  let ended = false
  const tally = createTally({ onBeyond: answerGrew, onInput: keepForNext }, price ? textMsOf(price.prices) : 0)
  const budget = createCallBudget({
    ...options,
    budgets: isMetered ? options.budgets : {},
    goodbye: () => price ? goodbyeNanoUsd(last, price.prices) : 0,
    isIdle: () => open.size === 0,
  })

  const beside = createMoneyGate(() => budget.take(startCost()))
  const next = () => price ? nextNanoUsd(last, price.prices) : 0
  const idOf = (value: unknown) => typeof value === 'string' ? value : ''
  const responseOf = (event: ServerEventFacts) => typeof event.response === 'object' && event.response !== null ? event.response as Record<string, unknown> : {}

  function charge(what: { responseId: string | null, model: string, date: string | undefined, amount: Amount, estimated: boolean }) {
    amount = plus(amount, what.amount)
    budget.spend(what.amount.nanoUsd ?? 0)
    ledger.charge({ callId, person, model: what.model, responseId: what.responseId, amount: what.amount, estimated: what.estimated })
  }

  function announce(what: { responseId: string | null, model: string, date: string | undefined, amount: Amount }) {
    options.onUsage({
      type: 'kaiwa.usage', event_id: ids('event'), response_id: what.responseId, model: what.model, prices_of: what.date ?? null,
      response: usageAmount(what.amount), call: usageAmount(amount), day: usageAmount(ledger.today(person)),
    })
  }

  function responseCreated(event: ServerEventFacts) {
    const id = idOf(responseOf(event).id)
    if (open.has(id) || done.has(id)) return
    if (open.size >= MAX_OPEN) settleByEstimate(...oldest(open))
    if (open.size === 0) tally.clear()
    const inputNanoUsd = inputCost(tally.pendingSaidMs)
    const saidMs = tally.takeSaidMs()
    // Before it is asked for: a refusal has to know that something is under way.
    const response: OpenResponse = { reservation: budget.hold(0), saidMs, inputNanoUsd }
    open.set(id, response)
    const isBeside = responseOf(event).conversation_id === null
    response.reservation = (isBeside ? beside.began() : undefined) ?? budget.reserve(startCost())
    cover(0)
  }

  /** What is known of the next response's input: what was said so far and typed is a part of it. */
  function inputCost(saidMs: number): number {
    if (!price) return 0
    return inputNanoUsd({ saidMs, instructions: tally.instructions }, last, price.prices) + tally.pendingTypedTokens * price.prices.text.in
  }

  /** The beginning of a response: its input, some seconds of voice, what may come after it is stopped, and the words of who spoke written down. */
  function startCost(saidMs = tally.pendingSaidMs): number {
    if (!price) return 0
    const written = tally.transcriptionModel === undefined ? 0 : transcriptionCostOf(useOf(saidMs), tally.transcriptionModel).nanoUsd ?? 0
    // As dear as the one before at least: a model may send it all at once.
    return Math.max(next(), inputCost(saidMs) + assistantTokensOf(STEP_MS) * price.prices.audio.out + aheadNanoUsd(price.prices)) + written
  }

  /** Whoever speaks goes on speaking while nobody looks. */
  function keepForNext() {
    if (!ended) budget.keepForNext(startCost(tally.pendingSaidMs + (tally.pendingSaidMs > 0 ? SAID_STEP_MS : 0)))
  }

  /** How long the model may speak for so much. */
  const spokenMsFor = (nanoUsd: number) => price?.prices.audio.out ? assistantMsOf(Math.max(0, nanoUsd) / price.prices.audio.out) : Infinity

  /** Sets aside what all that is under way comes to in the next seconds, and afterwards if it is stopped then. */
  function cover(nextMs: number) {
    const responses = [...open.values()]
    const newest = responses.at(-1)
    if (!price || !newest) return tally.watch(Infinity)
    const fixed = responses.reduce((sum, response) => sum + response.inputNanoUsd, 0) + aheadNanoUsd(price.prices)
    const missing = fixed + assistantTokensOf(tally.outputMs + nextMs) * price.prices.audio.out - setAside()
    if (missing > 0) budget.raise(newest.reservation, missing)
    tally.watch(Math.max(tally.outputMs, spokenMsFor(setAside() - fixed)))
  }

  const setAside = () => [...open.values()].reduce((sum, response) => sum + response.reservation.nanoUsd, 0)

  function answerGrew() {
    cover(STEP_MS)
  }

  function responseDone(event: ServerEventFacts) {
    const response = responseOf(event)
    const id = idOf(response.id)
    if (done.has(id)) return
    const tokens = readUsage(response.usage)
    const under = open.get(id)
    const isNothing = !tokens && (under === undefined || (response.status === 'failed' && tally.spokenMs === 0))
    open.delete(id)
    remember(id)
    if (tokens) tally.reported(tokens.output)
    if (!isNothing) settle(id, tokens ?? estimateOf(under!), { under, estimated: !tokens, isOfConversation: response.conversation_id !== null })
    else under?.reservation.release()
    if (open.size === 0) tally.clear()
    budget.check(next())
    keepForNext()
  }

  function remember(id: string) {
    if (id === '') return
    if (done.size >= MAX_DONE) done.delete(done.values().next().value!)
    done.add(id)
  }

  /** What the response in progress took so far, for one that isn't among the open ones any more. */
  const estimateOf = ({ saidMs }: OpenResponse) =>
    estimateTokens({ saidMs, ...tally.takeSpoken(open.size + 1), instructions: tally.instructions }, last)

  function settle(id: string, tokens: Tokens, how: { under: OpenResponse | undefined, estimated: boolean, isOfConversation: boolean }) {
    const costNanoUsd = price ? costOf(tokens, price.prices).total : null
    // The next response repeats the conversation, not what was said beside it.
    if (how.isOfConversation) last = { tokens, costNanoUsd: costNanoUsd ?? 0 }
    const what = { responseId: id || null, model, date: price?.date, amount: responseAmount(tokens, costNanoUsd) }
    charge({ ...what, estimated: how.estimated })
    how.under?.reservation.release()
    announce(what)
  }

  function settleByEstimate(id: string, under: OpenResponse) {
    open.delete(id)
    remember(id)
    settle(id, estimateOf(under), { under, estimated: true, isOfConversation: true })
  }

  const transcriptionCostOf = (use: TranscriptionUse, name: string | undefined) => {
    const found = options.prices.transcription(name, model)
    return { nanoUsd: found ? transcriptionCost(use, found.prices) : null, date: found?.date }
  }
  /** By time and by tokens: whichever is billed. */
  const useOf = (ms: number): TranscriptionUse => ({ ms, inputTokens: userTokensOf(ms), outputTokens: Math.ceil(ms / 1000) * 3 })

  function committed(event: ServerEventFacts) {
    const ms = tally.committed(event.item_id)
    const { transcriptionModel } = tally
    const id = idOf(event.item_id)
    if (transcriptionModel === undefined || id === '' || transcriptions.has(id)) return
    if (transcriptions.size >= MAX_OPEN) transcribed(oldest(transcriptions)[0], undefined)
    transcriptions.set(id, { reservation: budget.hold(transcriptionCostOf(useOf(ms), transcriptionModel).nanoUsd ?? 0), ms, model: transcriptionModel })
  }

  function transcribed(id: string, usage: unknown) {
    const under = transcriptions.get(id)
    transcriptions.delete(id)
    const reported = readTranscriptionUsage(usage)
    if (!reported && !under) return
    const use = reported ?? useOf(under!.ms)
    const name = under?.model ?? tally.transcriptionModel
    const { nanoUsd, date } = transcriptionCostOf(use, name)
    const what = { responseId: null, model: name ?? 'transcription', date, amount: transcriptionAmount(use, nanoUsd) }
    charge({ ...what, estimated: !reported })
    under?.reservation.release()
    announce(what)
    budget.check(next())
  }

  function serverEvent(event: ServerEventFacts) {
    if (ended) return
    switch (event.type) {
      case 'response.created': return responseCreated(event)
      case 'response.done': return responseDone(event)
      case 'input_audio_buffer.committed': return committed(event)
      case 'error': return isOfResponse(event) ? beside.refused() : undefined
      case 'conversation.item.input_audio_transcription.completed': return transcribed(idOf(event.item_id), event.usage)
      case 'conversation.item.input_audio_transcription.failed': {
        transcriptions.get(idOf(event.item_id))?.reservation.release()
        transcriptions.delete(idOf(event.item_id))
        return
      }
      default:
        tally.serverEvent(event)
        // Instructions are input, and so is what is being said.
        if (event.type === 'session.updated' || event.type === 'input_audio_buffer.speech_started') keepForNext()
    }
  }

  /** It refuses a `response.create`. */
  const isOfResponse = ({ error }: ServerEventFacts) => String((error as { param?: unknown } | null | undefined)?.param ?? '').startsWith('response')

  return {
    person,
    observer: {
      clientEvent: tally.clientEvent,
      clientAudio(text) { tally.clientEvent('input_audio_buffer.append', byteLength(text)) },
      passed: tally.passed,
      serverEvent,
    },
    guard: gate => isMetered ? beside.guard(gate) : gate,
    begin: keepForNext,
    hear(state, of) {
      if (state === 'near') budget.near(of)
      else budget.usedUp(of)
    },
    end() {
      if (ended) return
      ended = true
      for (const [id, under] of [...open]) settleByEstimate(id, under)
      for (const id of [...transcriptions.keys()]) transcribed(id, undefined)
      beside.end()
      budget.end()
      budget.check(next())
    },
  }
}
