import type { JournalEntry, StoredItem } from '../../server/store/journal-entry.ts'

export const OWNER = 'bench'
export const ITEMS = 40
const BEGAN_MS = Date.UTC(2026, 0, 1)

/** Same numbers in every run. */
export function createDice(seed: number) {
  let state = seed
  return (sides: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor(state / 2 ** 32 * sides)
  }
}

const SYLLABLES = ['ka', 'ro', 'mi', 'ten', 'sol', 'va', 'ler', 'du', 'pin', 'gra', 'os', 'nel', 'ti', 'bor', 'ash', 'wen']
const KANJI = [...'会議室東京駅近日本語学校先生電話時間天気旅行料理音楽映画写真新聞午後明日今週来月電車空港病院銀行']
const KANA = [...'のはをにでとがもへやかねよ']
/** Rare and common words, as in a language: the n-th is said about n times less than the first. */
const dictionary = Array.from({ length: 5_000 }, (_, at) => [at % 16, (at >> 4) % 16, (at >> 8) % 16].map(part => SYLLABLES[part]).join(''))

export function createText(dice: (sides: number) => number) {
  const word = () => dictionary[Math.min(dictionary.length - 1, Math.floor(dictionary.length ** (dice(10_000) / 10_000)) - 1)]!
  const english = () => Array.from({ length: 12 + dice(18) }, word).join(' ')
  const japanese = () => Array.from({ length: 10 + dice(15) }, () => KANJI[dice(KANJI.length)]! + KANJI[dice(KANJI.length)]! + KANA[dice(KANA.length)]!).join('')
  return { word, sentence: () => dice(4) === 0 ? japanese() : english(), kanji: () => KANJI[dice(KANJI.length)]! + KANJI[dice(KANJI.length)]! }
}

const usage = {
  usd: 0.001,
  input_tokens: { text: 50, audio: 200, image: 0, cached_text: 20, cached_audio: 100, cached_image: 0 },
  output_tokens: { text: 40, audio: 150 },
  transcription_seconds: 0,
}

/** All entries of one conversation with 40 items: a call, 20 turns of two items, what each cost and how fast it was. */
export function conversationEntries(n: number, sentence: () => string): JournalEntry[] {
  const callId = `call_${n}`
  const conversationId = `conv_${String(n).padStart(6, '0')}`
  const beganAtMs = BEGAN_MS + n * 600_000
  let seq = 0
  const place = () => ({ callId, conversationId, seq: ++seq, atMs: beganAtMs + seq * 1000 })
  const entries: JournalEntry[] = [{
    ...place(), type: 'call_began', owner: OWNER, from: 'page', transport: 'websocket', brain: 'openai', model: 'gpt-realtime-2.1', voice: 'marin',
    persona: { id: 'default', name: 'Kaiwa', version: 'bench', body: '{}' }, continues: null,
  }]
  for (let at = 0; at < ITEMS; at++) {
    const text = sentence()
    const isAnswer = at % 2 === 1
    const item: StoredItem = {
      id: `item_${n}_${at}`, afterId: at === 0 ? null : `item_${n}_${at - 1}`,
      kind: 'message', role: isAnswer ? 'assistant' : 'user', text, textState: 'final',
      medium: 'voice', status: 'completed', cutAtMs: null, span: { fromMs: at * 5000, toMs: at * 5000 + 4000 }, responseId: isAnswer ? `resp_${n}_${at}` : null, name: null, toolCallId: null,
      wire: JSON.stringify({ id: `item_${n}_${at}`, type: 'message', role: 'user', content: [{ type: 'input_audio', transcript: text }] }),
    }
    entries.push({ ...place(), type: 'item', item })
    if (!isAnswer) continue
    const responseId = `resp_${n}_${at}`
    entries.push({ ...place(), type: 'response', responseId, status: 'completed', model: 'gpt-realtime-2.1', usage, pricesOf: '2026-01-01' })
    entries.push({
      ...place(), type: 'turn_latency',
      latency: { responseId, speechEndMs: at * 5000, committedMs: 20, firstTextMs: 200, firstAudioMs: 250 + at, firstHeardMs: 300 + at, relayMs: 0.2 },
    })
  }
  entries.push({ ...place(), type: 'call_ended', how: 'client', code: null })
  return entries
}
