import { Histogram, type Registry } from 'prom-client'
import type { TurnLatency } from '../store/journal-entry.ts'

const TURN_S = [0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 5, 10]
/** Fine around the goals: two messages of 0.1 to 0.2 ms each. */
const RELAY_S = [0.00005, 0.0001, 0.0002, 0.0003, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.1]

/** What each answer to speech took; returns what adds one. */
export function defineLatencyMetrics(registry: Registry): (latency: TurnLatency) => void {
  const turn = new Histogram({
    name: 'kaiwa_turn_seconds', help: 'From the end of a talker\'s speech, as the model\'s side tells it; first_heard as pages report it', labelNames: ['until'], buckets: TURN_S,
    registers: [registry],
  })
  const relay = new Histogram({ name: 'kaiwa_turn_relay_seconds', help: 'How much of the wait for the first audio the relay took', buckets: RELAY_S, registers: [registry] })
  const until = (name: 'committed' | 'first_text' | 'first_audio' | 'first_heard') => {
    const child = turn.labels(name)
    return (ms: number | null) => { if (ms !== null) child.observe(ms / 1000) }
  }
  const add = { committed: until('committed'), text: until('first_text'), audio: until('first_audio'), heard: until('first_heard') }

  return ({ committedMs, firstTextMs, firstAudioMs, firstHeardMs, relayMs }) => {
    add.committed(committedMs)
    add.text(firstTextMs)
    add.audio(firstAudioMs)
    add.heard(firstHeardMs)
    if (relayMs !== null) relay.observe(relayMs / 1000)
  }
}
