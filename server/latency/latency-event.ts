import type { KaiwaLatencyEvent } from '../../shared/calls.ts'
import type { TurnLatency } from '../store/journal-entry.ts'

/** A turn's times as a page is told them. */
export function latencyEvent(latency: TurnLatency, eventId: string): KaiwaLatencyEvent {
  const whole = (ms: number | null) => ms === null ? null : Math.round(ms)
  return {
    type: 'kaiwa.latency', event_id: eventId, response_id: latency.responseId, speech_end_ms: Math.round(latency.speechEndMs),
    committed_ms: whole(latency.committedMs), first_text_ms: whole(latency.firstTextMs), first_audio_ms: whole(latency.firstAudioMs),
    first_heard_ms: whole(latency.firstHeardMs),
    // Far below a millisecond, as a rule.
    relay_ms: latency.relayMs === null ? null : Math.round(latency.relayMs * 1000) / 1000,
  }
}
