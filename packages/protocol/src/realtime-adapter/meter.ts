import type { MeterReading } from '../dialogue.ts'
import type { ResponseUsage, TranscriptionUsage } from '../server-events.ts'
import { change } from './state.ts'
import type { Step } from './state.ts'

type Unit = MeterReading['unit']

/** Tokens of a user's audio: one per 100 ms (API guide, "Managing costs"). */
const userAudioTokensPerSecond = 10

function count(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : 0
}

function add(step: Step, more: Partial<Record<Unit, number>>): void {
  const totals = { ...step.state.totals }
  for (const unit of Object.keys(totals) as Unit[]) totals[unit] += more[unit] ?? 0
  change(step, { totals })
  step.events.push({ type: 'meter', readings: (Object.keys(totals) as Unit[]).map(unit => ({ unit, total: totals[unit] })) })
}

/**
 * Adds a response's usage; `cached_tokens` are among the input tokens, not beside them. Usage without details counts as text; a
 * response without usage counts nothing (a cancelled one may have none).
 */
export function readUsage(step: Step, usage: ResponseUsage | null | undefined): void {
  if (!usage) return
  const input: Partial<ResponseUsage['input_token_details']> = usage.input_token_details ?? {}
  const output: Partial<ResponseUsage['output_token_details']> = usage.output_token_details ?? {}
  const inputText = count(usage.input_token_details ? input.text_tokens : usage.input_tokens)
  const inputAudio = count(input.audio_tokens)
  add(step, {
    input_text_tokens: inputText,
    input_audio_tokens: inputAudio,
    cached_tokens: Math.min(count(input.cached_tokens), inputText + inputAudio + count(input.image_tokens)),
    output_text_tokens: count(usage.output_token_details ? output.text_tokens : usage.output_tokens),
    output_audio_tokens: count(output.audio_tokens),
  })
}

/** Transcription is metered in seconds of audio; a model that counts tokens is converted by its audio tokens (an approximation). */
export function readTranscriptionUsage(step: Step, usage: TranscriptionUsage | null | undefined): void {
  if (!usage) return
  const seconds = usage.type === 'tokens' ? count(usage.input_token_details?.audio_tokens) / userAudioTokensPerSecond : count(usage.seconds)
  if (seconds > 0) add(step, { transcription_seconds: seconds })
}
