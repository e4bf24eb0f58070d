/**
 * What models cost, in US dollars, as data: tokens per million, transcription per minute or per million tokens. The form is that
 * of an operator's own file (`KAIWA_PRICES`, read by `prices.ts`). Change a price only together with the date.
 */
export const priceList = {
  date: '2026-08-06',
  source: 'model and pricing pages of developers.openai.com',
  models: {
    'gpt-realtime-2.1': { text: { in: 4, cached: 0.4, out: 24 }, audio: { in: 32, cached: 0.4, out: 64 }, image: { in: 5, cached: 0.5 } },
    'gpt-realtime-2.1-mini': { text: { in: 0.6, cached: 0.06, out: 2.4 }, audio: { in: 10, cached: 0.3, out: 20 }, image: { in: 0.8, cached: 0.08 } },
    'gpt-realtime-2': { text: { in: 4, cached: 0.4, out: 24 }, audio: { in: 32, cached: 0.4, out: 64 }, image: { in: 5, cached: 0.5 } },
    'gpt-realtime-1.5': { text: { in: 4, cached: 0.4, out: 16 }, audio: { in: 32, cached: 0.4, out: 64 }, image: { in: 5, cached: 0.5 } },
    'gpt-realtime': {
      text: { in: 4, cached: 0.4, out: 16 }, audio: { in: 32, cached: 0.4, out: 64 }, image: { in: 5, cached: 0.5 },
      unconfirmed: ['text', 'audio', 'image'],
    },
    'gpt-realtime-mini': {
      text: { in: 0.6, cached: 0.06, out: 2.4 }, audio: { in: 10, cached: 0.3, out: 20 }, image: { in: 0.8, cached: 0.08 },
      unconfirmed: ['text.cached', 'text.out', 'audio', 'image'],
    },
    'kaiwa-local': 'free',
  },
  transcription: {
    'gpt-live-transcribe': { per_minute: 0.017 },
    'gpt-realtime-whisper': { per_minute: 0.017 },
    'gpt-transcribe': { per_minute: 0.0045 },
    'gpt-4o-transcribe': { in: 2.5, out: 10 },
    'gpt-4o-mini-transcribe': { in: 1.25, out: 5 },
    'whisper-1': { per_minute: 0.006, unconfirmed: ['per_minute'] },
  },
}
