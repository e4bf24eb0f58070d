import { expect, it } from 'vitest'
import { assistantAudioTokens, createTextMeter, responseUsage, textTokens, userAudioTokens } from '../src/usage.ts'

it('counts audio as the price list does: ten tokens a second in, twenty out', () => {
  expect(userAudioTokens(5_850)).toBe(59)
  expect(assistantAudioTokens(7_300)).toBe(146)
})

it('estimates text: four Latin characters to a token, a CJK character one', () => {
  expect([textTokens(''), textTokens('twelve chars'), textTokens('会話'), textTokens('会話 ok')]).toEqual([0, 3, 2, 3])
})

it('estimates the same for text in pieces', () => {
  const meter = createTextMeter()
  for (const letter of 'The same, however it comes: 会話.') meter.add(letter)
  expect(meter.tokens).toBe(textTokens('The same, however it comes: 会話.'))
})

it('adds up, with every field that clients read', () => {
  expect(responseUsage({ text: 5, audio: 58 }, { text: 12, audio: 146 })).toEqual({
    total_tokens: 221,
    input_tokens: 63,
    output_tokens: 158,
    input_token_details: {
      text_tokens: 5, audio_tokens: 58, image_tokens: 0, cached_tokens: 0, cached_tokens_details: { text_tokens: 0, audio_tokens: 0, image_tokens: 0 },
    },
    output_token_details: { text_tokens: 12, audio_tokens: 146 },
  })
})
