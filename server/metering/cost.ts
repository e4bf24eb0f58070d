import type { ModelPrices, TranscriptionPrices } from './prices.ts'

/** What a response took. `input` holds all tokens of a modality; `cached` says how many of those were. */
export interface Tokens {
  input: { text: number, audio: number, image: number }
  cached: { text: number, audio: number, image: number }
  output: { text: number, audio: number }
}

export const noTokens: Tokens = { input: { text: 0, audio: 0, image: 0 }, cached: { text: 0, audio: 0, image: 0 }, output: { text: 0, audio: 0 } }

/** What a transcription took: seconds or tokens, as its model is billed. */
export interface TranscriptionUse { ms: number, inputTokens: number, outputTokens: number }

/** No response of any model comes near; what a broken server reports beyond is cut to it. */
export const MAX_TOKENS = 10_000_000
const MAX_TRANSCRIPTION_MS = 24 * 3_600_000

/** Dearest first, by every list so far. */
const INPUT = ['audio', 'image', 'text'] as const
/** Cheapest to have been wrong about first. */
const CACHED = ['text', 'image', 'audio'] as const

type Json = Record<string, unknown>
const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)
const objectAt = (value: unknown, key: string): Json => isObject(value) && isObject(value[key]) ? value[key] : {}

/** A count that can be worked with; undefined: there is none. */
const count = (value: unknown, max = MAX_TOKENS) => typeof value === 'number' && value >= 0 ? Math.min(Math.ceil(value), max) : undefined

/** What the modalities don't explain of a total belongs to the dearest one that isn't named, to text where all are. */
function spread<M extends string>(total: number | undefined, details: Json, dearestFirst: readonly M[]): Record<M, number> {
  const named = dearestFirst.map(modality => count(details[`${modality}_tokens`]))
  const rest = Math.max(0, (total ?? 0) - named.reduce<number>((sum, tokens) => sum + (tokens ?? 0), 0))
  const missing = named.indexOf(undefined)
  const takes = missing === -1 ? dearestFirst.length - 1 : missing
  const tokens = dearestFirst.map((modality, index) => [modality, Math.min(MAX_TOKENS, (named[index] ?? 0) + (index === takes ? rest : 0))])
  return Object.fromEntries(tokens) as Record<M, number>
}

/** Never more of a modality than went in. Without details the total counts where it saves least. */
function readCached(details: Json, input: Tokens['input']): Tokens['cached'] {
  const by = objectAt(details, 'cached_tokens_details')
  const named = CACHED.map(modality => count(by[`${modality}_tokens`]))
  let rest = named.every(tokens => tokens === undefined) ? count(details.cached_tokens) ?? 0 : 0
  const cached = { text: 0, audio: 0, image: 0 }
  CACHED.forEach((modality, index) => {
    cached[modality] = Math.min(input[modality], named[index] ?? rest)
    rest = Math.max(0, rest - cached[modality])
  })
  return cached
}

/**
 * A response's `usage` (API reference, `response.done`). Cached tokens are a subset of the input. Servers leave things out: what is
 * missing, not a number or negative counts as not said; tokens that no detail explains are charged to the dearest modality that
 * the details don't name (audio, when there are none), and cached ones to the one where the cache saves least. So an incomplete
 * report is never charged less than a complete one would be. Undefined: nothing was reported.
 */
export function readUsage(usage: unknown): Tokens | undefined {
  if (!isObject(usage)) return undefined
  const inputDetails = objectAt(usage, 'input_token_details')
  const outputDetails = objectAt(usage, 'output_token_details')
  const inputTotal = count(usage.input_tokens)
  const outputTotal = count(usage.output_tokens)
  const said = [...Object.values(inputDetails), ...Object.values(outputDetails)].some(value => count(value) !== undefined)
  if (inputTotal === undefined && outputTotal === undefined && !said) return undefined
  const input = spread(inputTotal, inputDetails, INPUT)
  return { input, cached: readCached(inputDetails, input), output: spread(outputTotal, outputDetails, ['audio', 'text']) }
}

/** A transcription's `usage`, `duration` or `tokens`, with the same tolerance. Undefined: nothing was reported. */
export function readTranscriptionUsage(usage: unknown): TranscriptionUse | undefined {
  if (!isObject(usage)) return undefined
  const seconds = typeof usage.seconds === 'number' && usage.seconds >= 0 ? usage.seconds : undefined
  const { audio_tokens, text_tokens } = objectAt(usage, 'input_token_details')
  const inputTokens = count(usage.input_tokens) ?? ((count(audio_tokens) ?? 0) + (count(text_tokens) ?? 0))
  const outputTokens = count(usage.output_tokens) ?? 0
  if (seconds === undefined && inputTokens + outputTokens === 0) return undefined
  return { ms: Math.min(MAX_TRANSCRIPTION_MS, Math.round((seconds ?? 0) * 1000)), inputTokens, outputTokens }
}

/** Nano-dollars, whole numbers, by what they were paid for. */
export interface Cost { text: number, audio: number, image: number, total: number }

/** What the tokens cost: what was cached at the cached price, the rest of the input at the full one, and the output. */
export function costOf({ input, cached, output }: Tokens, prices: ModelPrices): Cost {
  const taken = (modality: 'text' | 'audio' | 'image') =>
    (input[modality] - cached[modality]) * prices[modality].in + cached[modality] * prices[modality].cached
  const text = taken('text') + output.text * prices.text.out
  const audio = taken('audio') + output.audio * prices.audio.out
  const image = taken('image')
  return { text, audio, image, total: text + audio + image }
}

/** User audio: one token per 100 ms (API guide, "Managing costs"). */
const TRANSCRIPTION_TOKEN_MS = 100

/**
 * Nano-dollars of a transcription; a part of one counts whole. A report in the unit that isn't billed is converted by the rate of
 * user audio, ten tokens a second.
 */
export function transcriptionCost({ ms, inputTokens, outputTokens }: TranscriptionUse, prices: TranscriptionPrices): number {
  if (prices.by === 'time') return Math.ceil((ms || inputTokens * TRANSCRIPTION_TOKEN_MS) * prices.perMinute / 60_000)
  return (inputTokens || Math.ceil(ms / TRANSCRIPTION_TOKEN_MS)) * prices.in + outputTokens * prices.out
}
