import type { UsageAmount } from '../../shared/calls.ts'
import { noTokens, type Tokens, type TranscriptionUse } from './cost.ts'
import { NANO_PER_USD } from './prices.ts'

/** What something took and cost, in whole numbers. */
export interface Amount {
  /** Nano-dollars; null: no price. */
  nanoUsd: number | null
  tokens: Tokens
  /** Of transcription that is reported by time. */
  transcriptionMs: number
}

export const nothing: Amount = { nanoUsd: null, tokens: noTokens, transcriptionMs: 0 }

export const responseAmount = (tokens: Tokens, nanoUsd: number | null): Amount => ({ nanoUsd, tokens, transcriptionMs: 0 })

/** A transcription's tokens are not the conversation's: only its time and its money are summed. */
export const transcriptionAmount = ({ ms }: TranscriptionUse, nanoUsd: number | null): Amount => ({ nanoUsd, tokens: noTokens, transcriptionMs: ms })

/** What has no price adds tokens and no money. */
export function plus(one: Amount, other: Amount): Amount {
  const { input, cached, output } = one.tokens
  const more = other.tokens
  return {
    nanoUsd: one.nanoUsd === null ? other.nanoUsd : one.nanoUsd + (other.nanoUsd ?? 0),
    tokens: {
      input: { text: input.text + more.input.text, audio: input.audio + more.input.audio, image: input.image + more.input.image },
      cached: { text: cached.text + more.cached.text, audio: cached.audio + more.cached.audio, image: cached.image + more.cached.image },
      output: { text: output.text + more.output.text, audio: output.audio + more.output.audio },
    },
    transcriptionMs: one.transcriptionMs + other.transcriptionMs,
  }
}

/** As it goes to the page and to the numbers. */
export function usageAmount({ nanoUsd, tokens: { input, cached, output }, transcriptionMs }: Amount): UsageAmount {
  return {
    usd: nanoUsd === null ? null : nanoUsd / NANO_PER_USD,
    input_tokens: { ...input, cached_text: cached.text, cached_audio: cached.audio, cached_image: cached.image },
    output_tokens: { ...output },
    transcription_seconds: transcriptionMs / 1000,
  }
}
