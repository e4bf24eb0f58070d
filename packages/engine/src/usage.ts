import type { RateLimit, ResponseUsage } from '@kaiwa/protocol'

/**
 * Token arithmetic as the API bills it (digest of the price list): user audio 1 token per 100 ms, assistant audio 1 per 50 ms,
 * also when it comes back as input of a later turn.
 */
export const userAudioTokens = (ms: number) => Math.ceil(ms / 100)
export const assistantAudioTokens = (ms: number) => Math.ceil(ms / 50)

/**
 * An estimate: the engine has no tokenizer. Latin text averages four characters to a token; a CJK character is about one
 * token of its own.
 */
export function textTokens(text: string): number {
  const meter = createTextMeter()
  meter.add(text)
  return meter.tokens
}

/** The same estimate for text that comes in pieces, whatever the pieces. */
export function createTextMeter(): { add(text: string): void, readonly tokens: number } {
  let wide = 0
  let narrow = 0
  return {
    add(text) {
      const wideHere = text.match(/[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]/g)?.length ?? 0
      wide += wideHere
      narrow += text.length - wideHere
    },
    get tokens() { return wide + Math.ceil(narrow / 4) },
  }
}

/** The engine limits no rate. Clients look for the entry nonetheless, so it is there: as much remains as there ever was. */
export const nominalTokenLimit: RateLimit = { name: 'tokens', limit: 1_000_000, remaining: 1_000_000, reset_seconds: 0 }

export interface TokenCount { text: number, audio: number }

/** The `usage` of a response: always whole, nothing is ever cached here. */
export function responseUsage(input: TokenCount, output: TokenCount): ResponseUsage {
  const inputTokens = input.text + input.audio
  const outputTokens = output.text + output.audio
  return {
    total_tokens: inputTokens + outputTokens,
    input_tokens: inputTokens,
    output_tokens: outputTokens,
    input_token_details: {
      text_tokens: input.text,
      audio_tokens: input.audio,
      image_tokens: 0,
      cached_tokens: 0,
      cached_tokens_details: { text_tokens: 0, audio_tokens: 0, image_tokens: 0 },
    },
    output_token_details: { text_tokens: output.text, audio_tokens: output.audio },
  }
}
