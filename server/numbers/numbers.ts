import { collectDefaultMetrics, Registry } from 'prom-client'
import type { KaiwaUsageEvent } from '../../shared/calls.ts'
import type { TurnLatency } from '../store/journal-entry.ts'
import { createCallWatch, type CallNumbers } from './call-watch.ts'
import { defineMetrics } from './metrics.ts'
import type { NumberSources } from './number-sources.ts'

/** How the server does, for `/metrics`. No label holds a person, an id, a secret or free text. */
export interface Numbers {
  /** Begins to count a call; what it returns costs an addition or two per message. */
  observe(call: { brain: string, from: 'page' | 'client' }): CallNumbers
  /** A connection, a ticket, a secret or a sign-in was refused. */
  refused(code: string): void
  /** An upstream is dialled once more for the same call. */
  redialled(): void
  /** Tokens and money of a response, or of a transcription that is billed apart. */
  used(event: Pick<KaiwaUsageEvent, 'response_id' | 'model' | 'response'>): void
  /** How long an answer to speech took. */
  answered(latency: TurnLatency): void
  /** Where facts come from that are looked up when they are read; each call adds sources. */
  watch(sources: NumberSources): void
  /** Prometheus text format. */
  text(): Promise<string>
  readonly contentType: string
  /** Every metric's name, help and labels, sorted by name. */
  list(): { name: string, help: string, labels: string[] }[]
}

export interface NumbersOptions {
  nowMs?: () => number
  /** Node's and the process's own metrics too. @default true */
  processMetrics?: boolean
  /** Models that are counted by name; any other is `other`. */
  models?: readonly string[]
}

/** Of the process's event loop delay: often enough to see what disturbs a frame of 20 ms. */
const LOOP_SAMPLE_MS = 20

export function createNumbers({ nowMs = () => performance.now(), processMetrics = true, models = [] }: NumbersOptions = {}): Numbers {
  const registry = new Registry()
  // Measuring the process costs something: not before somebody reads it.
  let measured = !processMetrics
  function read(): Registry {
    if (!measured) collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: LOOP_SAMPLE_MS })
    measured = true
    return registry
  }
  const sources: NumberSources = {}
  const metrics = defineMetrics(registry, sources, new Set(models))
  /** Those that haven't ended. */
  const live = new Set<CallNumbers>()

  function observe(call: { brain: string, from: 'page' | 'client' }): CallNumbers {
    const watch = createCallWatch(metrics.begin(call), nowMs)
    live.add(watch)
    return {
      ...watch,
      ended(how, faultCode) {
        live.delete(watch)
        watch.ended(how, faultCode)
      },
    }
  }

  return {
    observe,
    refused: metrics.refused,
    redialled: metrics.redialled,
    used: metrics.used,
    answered: metrics.answered,
    watch(more) { Object.assign(sources, more) },
    text() {
      for (const call of live) call.catchUp()
      return read().metrics()
    },
    contentType: registry.contentType,
    list: () => read().getMetricsAsArray().map(described).sort((a, b) => a.name < b.name ? -1 : 1),
  }
}

/** Metrics keep the names of their labels, which their type doesn't tell. */
const described = (metric: { name: string, help: string, labelNames?: string[] }) => ({ name: metric.name, help: metric.help, labels: metric.labelNames ?? [] })
