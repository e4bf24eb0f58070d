import { costOf, noTokens, type Tokens } from './cost.ts'
import type { ModelPrices } from './prices.ts'

/** Tokens of audio by time (API guide, "Managing costs"): the model's voice one per 50 ms, the user's one per 100 ms. */
const ASSISTANT_TOKEN_MS = 50
const USER_TOKEN_MS = 100
/** What stands around the audio in a delta: names, ids, quotes. */
export const ENVELOPE_BYTES = 160
/** English, as tokenizers cut it on average. */
const CHARACTERS_PER_TOKEN = 4

/** A short answer at the beginning of a conversation: the least that a response is thought to cost before it is known. */
const shortAnswer: Tokens = { input: { text: 1000, audio: 100, image: 0 }, cached: { text: 0, audio: 0, image: 0 }, output: { text: 60, audio: 200 } }
/** "That was all for today, goodbye": four seconds. */
const goodbye: Tokens['output'] = { text: 20, audio: 80 }

/** Base64 characters that a millisecond takes: 4 for 3 bytes of PCM16 at 24 kHz, or of G.711 at 8 kHz. */
export function wireBytesPerMs(format: unknown): number {
  const type = typeof format === 'object' && format !== null ? (format as { type?: unknown }).type : format
  const bytesPerMs = type === 'audio/pcmu' || type === 'audio/pcma' ? 8 : 48
  return bytesPerMs * 4 / 3
}

export const assistantTokensOf = (ms: number) => Math.ceil(ms / ASSISTANT_TOKEN_MS)
export const assistantMsOf = (tokens: number) => tokens * ASSISTANT_TOKEN_MS
export const userTokensOf = (ms: number) => Math.ceil(ms / USER_TOKEN_MS)
export const textTokensOf = (characters: number) => Math.ceil(characters / CHARACTERS_PER_TOKEN)

/** The response before: what the next one is measured by. */
export interface LastResponse { tokens: Tokens, costNanoUsd: number }

/** What the next response is thought to cost: as much as the last one, and never less than a short answer. */
export const nextNanoUsd = (last: LastResponse | undefined, prices: ModelPrices) =>
  Math.max(last?.costNanoUsd ?? 0, costOf(shortAnswer, prices).total)

/** What the input of the response that begins now is thought to cost. */
export function inputNanoUsd(seen: { saidMs: number, instructions: number }, last: LastResponse | undefined, prices: ModelPrices): number {
  const cost = costOf(estimateTokens({ ...seen, spokenMs: 0, textDeltas: 0 }, last), prices).total
  return last ? cost : Math.max(cost, costOf({ ...shortAnswer, output: noTokens.output }, prices).total)
}

/**
 * What may still come of a response from the moment that it is asked to stop: the model is ahead of what was seen of it. Eight
 * seconds of voice: a model ten times faster than it has 0.8 s to hear of it.
 */
const ahead: Tokens['output'] = { text: 80, audio: 160 }
export const aheadNanoUsd = (prices: ModelPrices) => costOf({ ...noTokens, output: ahead }, prices).total

/** As how much voice a token of text counts, by what both cost. */
export const textMsOf = ({ text, audio }: ModelPrices) => audio.out > 0 ? ASSISTANT_TOKEN_MS * text.out / audio.out : 0

/** What a few kind words cost after this much conversation. */
export const goodbyeNanoUsd = (last: LastResponse | undefined, prices: ModelPrices) =>
  costOf({ ...(last?.tokens ?? { ...shortAnswer, input: { ...shortAnswer.input, audio: 0 } }), output: goodbye }, prices).total

/** A response of which only what passed is known. */
export interface SeenOfResponse {
  saidMs: number
  spokenMs: number
  textDeltas: number
  /** Characters; they count where no response came before. */
  instructions: number
}

/**
 * The tokens of a response that didn't report them, by the rates above: in goes what went in last time, the answer to it, and what
 * was said since; each text delta counts as one token. Typed messages and pictures since then are not seen.
 */
export function estimateTokens({ saidMs, spokenMs, textDeltas, instructions }: SeenOfResponse, last: LastResponse | undefined): Tokens {
  const { input, cached, output } = last?.tokens ?? { ...noTokens, input: { ...noTokens.input, text: textTokensOf(instructions) } }
  return {
    input: { text: input.text + output.text, audio: input.audio + output.audio + userTokensOf(saidMs), image: input.image },
    cached,
    output: { text: textDeltas, audio: assistantTokensOf(spokenMs) },
  }
}
