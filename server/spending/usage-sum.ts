import type { UsageAmount } from '../../shared/calls.ts'

const nothing: UsageAmount = {
  usd: null, transcription_seconds: 0, output_tokens: { text: 0, audio: 0 },
  input_tokens: { text: 0, audio: 0, image: 0, cached_text: 0, cached_audio: 0, cached_image: 0 },
}

/** Databases add in floating point: money is exact to the nano-dollar, and no further. */
export const exactUsd = (usd: number | null) => usd === null ? null : Math.round(usd * 1e9) / 1e9

const plus = <K extends string>(one: Record<K, number>, other: Record<K, number>) =>
  Object.fromEntries((Object.keys(one) as K[]).map(kind => [kind, one[kind] + other[kind]])) as Record<K, number>

/** What has no price adds tokens and no money. */
export const usageSum = (amounts: readonly UsageAmount[]): UsageAmount => amounts.reduce((sum, more) => ({
  usd: more.usd === null ? sum.usd : exactUsd((sum.usd ?? 0) + more.usd),
  input_tokens: plus(sum.input_tokens, more.input_tokens),
  output_tokens: plus(sum.output_tokens, more.output_tokens),
  transcription_seconds: sum.transcription_seconds + more.transcription_seconds,
}), nothing)
