import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import type { KaiwaUsageEvent } from '../../shared/calls.ts'
import type { CallSheet, DialResult, Side } from './call-watch.ts'
import { defineJournalMetrics } from './journal-metrics.ts'
import { defineLatencyMetrics } from './latency-metrics.ts'
import { brains, enders, errorCodes, faultCodes, labelIn, refusalCodes } from './labels.ts'
import { breakerStates, shorts, type NumberSources } from './number-sources.ts'
import { tallySheet, type Tally, type TallySheet } from './tally.ts'

const DIAL_S = [0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 2, 3, 5, 10]
/** Fine around the goals: 0.1 to 0.2 ms at the median, 1.5 to 3 ms at p99. */
const RELAY_S = [0.00001, 0.000025, 0.00005, 0.0001, 0.00015, 0.0002, 0.0003, 0.0005, 0.001, 0.0015, 0.003, 0.005, 0.01, 0.025, 0.1]
const FIRST_AUDIO_S = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 5, 10]

type Use = Pick<KaiwaUsageEvent, 'response_id' | 'model' | 'response'>

/** Every metric of Kaiwa's own, in the registry; docs/operating.md has them in a table. */
export function defineMetrics(registry: Registry, sources: NumberSources, models: ReadonlySet<string>) {
  const refusals = tallySheet(registry, { name: 'kaiwa_refusals_total', help: 'Connections, tickets, secrets and sign-ins that were refused', labels: ['code'] })
  const redials = tallySheet(registry, { name: 'kaiwa_upstream_redials_total', help: 'Further tries to reach the upstream for the same call', labels: [] })
  defineGauges(registry, sources)
  defineJournalMetrics(registry, sources)
  return {
    begin: defineCallMetrics(registry),
    used: defineUse(registry, models),
    answered: defineLatencyMetrics(registry),
    refused(code: string) { refusals.of({ code: labelIn(refusalCodes, code) }).count++ },
    redialled() { redials.of({}).count++ },
  }
}

const sides = (of: (from: Side) => Tally): Record<Side, Tally> => ({ client: of('client'), model: of('model') })

/** Returns what begins a call and gives it its sheet. */
function defineCallMetrics(registry: Registry) {
  const started = tallySheet(registry, { name: 'kaiwa_calls_started_total', help: 'Calls that began', labels: ['brain', 'from'] })
  const ended = tallySheet(registry, { name: 'kaiwa_calls_ended_total', help: 'Calls that ended, by whom and by which fault', labels: ['by', 'fault'] })
  const live = new Gauge({ name: 'kaiwa_calls_live', help: 'Calls that are live', labelNames: ['brain', 'from'], registers: [registry] })
  const messages = defineMessages(registry)
  const dials = new Histogram({ name: 'kaiwa_upstream_dial_seconds', help: 'Dials of the upstream, all tries of a call together', labelNames: ['result'], buckets: DIAL_S, registers: [registry] })
  const added = new Histogram({ name: 'kaiwa_relay_added_seconds', help: 'From a message\'s arrival to its being handed to the other socket; one message in 64', labelNames: ['from'], buckets: RELAY_S, registers: [registry] })
  const firstAudio = new Histogram({ name: 'kaiwa_first_audio_seconds', help: 'From the end of a talker\'s turn to the first audio of the answer, as the relay sees it', buckets: FIRST_AUDIO_S, registers: [registry] })
  const addedFrom = { client: added.labels('client'), model: added.labels('model') }

  return ({ brain, from }: { brain: string, from: 'page' | 'client' }): CallSheet => {
    const who = { brain: labelIn(brains, brain), from }
    started.of(who).count++
    live.inc(who)
    return {
      ...messages,
      dialled: (result: DialResult, tookMs) => dials.observe({ result }, tookMs / 1000),
      relayed: (side, tookMs) => addedFrom[side].observe(tookMs / 1000),
      firstAudio: waitedMs => firstAudio.observe(waitedMs / 1000),
      ended(by, fault) {
        live.dec(who)
        ended.of({ by: labelIn(enders, by), fault: labelIn(faultCodes, fault) }).count++
      },
    }
  }
}

function defineMessages(registry: Registry): Pick<CallSheet, 'events' | 'bytes' | 'babble' | 'unreported' | 'refusedEvent' | 'error'> {
  const events = tallySheet(registry, { name: 'kaiwa_events_total', help: 'Events passed on, by where they came from', labels: ['from'] })
  const bytes = tallySheet(registry, { name: 'kaiwa_bytes_total', help: 'Bytes of events passed on, by where they came from', labels: ['from'] })
  const babble = tallySheet(registry, { name: 'kaiwa_upstream_babble_total', help: 'Messages of the upstream that were no events', labels: [] })
  const unreported = tallySheet(registry, { name: 'kaiwa_responses_unreported_total', help: 'Responses of which the model never said what they took: charged by estimate', labels: [] })
  const refused = tallySheet(registry, { name: 'kaiwa_events_refused_total', help: 'Events of clients that were refused', labels: ['code'] })
  const errors = tallySheet(registry, { name: 'kaiwa_errors_total', help: 'Error events of the model', labels: ['code'] })
  return {
    events: sides(from => events.of({ from })),
    bytes: sides(from => bytes.of({ from })),
    babble: babble.of({}),
    unreported: unreported.of({}),
    refusedEvent(code) { refused.of({ code: labelIn(errorCodes, code) }).count++ },
    error(code) { errors.of({ code: labelIn(errorCodes, code) }).count++ },
  }
}

/** A dated snapshot is filed under its model. */
const SNAPSHOT = /-\d{4}-\d{2}-\d{2}$/

/** Money and tokens. Only models that are known beforehand keep their name: callers may ask for any. */
function defineUse(registry: Registry, models: ReadonlySet<string>) {
  const money = new Counter({ name: 'kaiwa_money_usd_total', help: 'US dollars, by the price list in use', labelNames: ['model', 'kind'], registers: [registry] })
  const tokens: TallySheet<'model' | 'direction' | 'modality' | 'cached'>
    = tallySheet(registry, { name: 'kaiwa_tokens_total', help: 'Tokens; cached ones are counted once, as cached', labels: ['model', 'direction', 'modality', 'cached'] })
  const transcribed = new Counter({ name: 'kaiwa_transcription_seconds_total', help: 'Audio whose transcription is billed by time', labelNames: ['model'], registers: [registry] })

  return ({ response_id: responseId, model: said, response }: Use) => {
    const model = models.has(said) ? said : labelIn(models, said.replace(SNAPSHOT, ''))
    const { input_tokens: input, output_tokens: output } = response
    const add = (direction: 'input' | 'output', modality: string, cached: 'true' | 'false', count: number) => {
      if (count > 0) tokens.of({ model, direction, modality, cached }).count += count
    }
    for (const modality of ['text', 'audio', 'image'] as const) {
      const cached = input[`cached_${modality}`]
      add('input', modality, 'true', cached)
      add('input', modality, 'false', input[modality] - cached)
    }
    for (const modality of ['text', 'audio'] as const) add('output', modality, 'false', output[modality])
    if (response.usd !== null && response.usd > 0) money.inc({ model, kind: responseId === null ? 'transcription' : 'response' }, response.usd)
    if (response.transcription_seconds > 0) transcribed.inc({ model }, response.transcription_seconds)
  }
}

/** What is looked up at each scrape. */
function defineGauges(registry: Registry, sources: NumberSources) {
  const looked = (name: string, help: string, look: () => number | undefined) => new Gauge({
    name, help, registers: [registry],
    collect() {
      this.reset()
      const value = look()
      if (value === undefined) this.remove()
      else this.set(value)
    },
  })
  const oneOf = (name: string, help: string, label: string, values: readonly string[], look: () => string | undefined) => new Gauge({
    name, help, labelNames: [label], registers: [registry],
    collect() {
      const now = look()
      for (const value of values) this.set({ [label]: value }, value === now ? 1 : 0)
    },
  })
  looked('kaiwa_connections', 'WebSockets of clients that are open', () => sources.connections?.())
  looked('kaiwa_engine_waiting_turns', 'Turns that wait for a recogniser of the embedded engine', () => sources.waitingTurns?.())
  looked('kaiwa_event_loop_utilisation', 'Share of its time that the event loop is busy', () => sources.loopUtilisation?.())
  new Gauge({
    name: 'kaiwa_upstream_breaker', help: 'Whether an upstream is dialled: 1 at the state it is in', labelNames: ['upstream', 'state'], registers: [registry],
    collect() {
      this.reset()
      for (const { upstream, state: now } of sources.breakers?.() ?? []) for (const state of breakerStates) this.set({ upstream, state }, state === now ? 1 : 0)
    },
  })
  oneOf('kaiwa_short', 'What there is too little of for another call: 1 when there is', 'of', shorts, () => sources.short?.())
  const summed = (name: string, help: string, look: () => number | undefined) => new Counter({
    name, help, registers: [registry],
    collect() {
      this.reset()
      this.inc(look() ?? 0)
    },
  })
  summed('kaiwa_event_loop_stalled_seconds_total', 'How long the event loop stood still, in stretches of half a second or more', () => (sources.stalledMs?.() ?? 0) / 1000)
  summed('kaiwa_trapped_errors_total', 'Failures that nothing but the process\'s last resort caught: each is a bug', () => sources.trapped?.())
}
