import type { AnswerLatency, CallState, Ending, Spent, Stroke, Timeline, Trouble, Turn, Usage, WireRecord } from '../../app/voice/call.ts'

/** What a scripted conversation contains: words, strokes and events for any state of the page. Generated, the same every time. */

export type ScriptedState = CallState['name'] | 'muted' | 'typing'

/** Moment of the call at which the script begins, ms. */
export const scriptedNowMs = 76_000

const said = {
  question: 'Okay, so, Kanazawa. We get in on Saturday morning and leave Sunday evening. Where would you start?',
  long: 'Saturday stays dry until about three, then it rains. Sunday is clear and cold. So I’d see the garden first: it opens at eight, and the ropes are already up on the pines for the snow. After that the castle is just across the bridge, and if you like temples, Myōryū-ji is worth the bus ride, though you have to book.',
  longHeard: 'Saturday stays dry until about three, then it rains. Sunday is clear and cold. So I’d see the garden first: it opens at eight, and the ropes are already up on the pines for the snow. After that the castle is just across the bridge, and if you '.length,
  indoors: 'Sorry, we’ve both seen the garden. What’s good indoors, for the wet part?',
  museum: 'The D. T. Suzuki Museum, then. It’s small, nearly silent, and its pool is better in the rain.',
  typed: 'hotel is near Ōmichō market, check-in from 15:00',
  crab: 'She’s never had snow crab, so that has to happen somewhere.',
  answer: 'Perfect. Drop your bags by eleven, eat crab at the market while the stalls are still open, and be at the museum before the rain. It’s twenty-odd minutes on foot, and you pass the castle on the way.',
  answerHeard: 'Perfect. Drop your bags by eleven, eat crab at the market while the stalls are still op'.length,
  swap: 'And does it still work if we swap the two days?',
}

function turn(id: string, speaker: 'user' | 'assistant', startedAtMs: number, text: string, more: Omit<Partial<Turn>, 'segment'> & { segment?: Partial<Turn['segment']> } = {}): Turn {
  const { segment, ...rest } = more
  return { startedAtMs, ...rest, segment: { id, speaker, afterId: undefined, medium: 'voice', text, textState: 'final', open: false, ...segment } }
}

const cutAnswer = () => turn('item_k1', 'assistant', 12_000, said.long, {
  durationMs: 19_000, heardChars: said.longHeard, segment: { cut: { by: 'barge_in', heardMs: 19_000 } },
})
const opening = () => [turn('item_u1', 'user', 3000, said.question, { durationMs: 7200 }), cutAnswer()]
const growing = (id: string, startedAtMs: number, text: string, durationMs: number) =>
  turn(id, 'user', startedAtMs, text, { durationMs, segment: { open: true, textState: 'partial' } })

function middle(late: boolean, askedAtMs = 61_000): Turn[] {
  return [
    ...opening(),
    turn('item_u2', 'user', 31_000, said.indoors, { durationMs: 5400 }),
    turn('item_k2', 'assistant', 37_000, said.museum, { durationMs: 7600, heardChars: said.museum.length }),
    turn('item_u3', 'user', 52_000, said.typed, { segment: { medium: 'text' } }),
    turn('item_u4', 'user', askedAtMs, late ? '' : said.crab, { durationMs: 2900, segment: { textState: late ? 'pending' : 'final' } }),
  ]
}

const answered = (late = false) => [...middle(late), turn('item_k3', 'assistant', 64_500, said.answer, { durationMs: 9200, heardChars: said.answer.length })]

export function scriptedTurns(state: ScriptedState): Turn[] {
  switch (state) {
    case 'idle':
    case 'permission':
    case 'connecting':
    case 'error':
      return []
    case 'interrupted':
      return [...opening(), growing('item_u2', scriptedNowMs - 1800, 'Sorry, we’ve both seen', 1800)]
    case 'user-speaking':
      return [...opening(), growing('item_u2', scriptedNowMs - 3100, 'Sorry, we’ve both seen the garden. What’s good', 3100)]
    case 'held':
      return [...answered(), growing('item_u5', scriptedNowMs - 8300, 'So she doesn’t eat shellfish, and I’d like', 8300)]
    case 'reconnecting':
      return [...answered(), growing('item_u5', scriptedNowMs - 3900, 'And is the museum open', 3900)]
    case 'thinking':
      return [...answered(), turn('item_u5', 'user', 67_000, said.swap, { durationMs: 8000 })]
    case 'speaking':
      return [...middle(true, 63_600), turn('item_k3', 'assistant', 67_450, said.answer, { durationMs: 12_000, heardChars: said.answerHeard })]
    case 'listening':
      return answered(true)
    default:
      return answered()
  }
}

type Piece = ['you' | 'kai' | 'wait' | 'floor', from: number, to: number] | ['cut', at: number] | ['thin-you', from: number, to: number] | ['tail', from: number, to: number]
/** Seconds before now; Infinity: still going. */
const shapes: Record<ScriptedState, Piece[]> = {
  idle: [],
  permission: [],
  error: [],
  connecting: [['thin-you', -1.9, Infinity]],
  listening: [['you', -15, -12.1], ['wait', -12.1, -11.5], ['kai', -11.5, -2.3], ['floor', -2.3, Infinity]],
  'user-speaking': [['you', -16, -13], ['wait', -13, -12.4], ['kai', -12.4, -3.9], ['you', -3.1, Infinity]],
  thinking: [['kai', -17, -10.4], ['you', -9.2, -1.1], ['wait', -1.1, Infinity]],
  speaking: [['kai', -18, -13.4], ['you', -12.4, -9.2], ['wait', -9.2, -8.55], ['kai', -8.55, Infinity]],
  interrupted: [['you', -16, -12.4], ['wait', -12.4, -11.2], ['kai', -11.2, -1.6], ['tail', -1.6, 1.7], ['cut', -1.6], ['you', -1.75, Infinity]],
  held: [['kai', -15, -9.6], ['you', -8.3, -5.1], ['you', -2.7, -0.9]],
  muted: [['you', -15, -12.2], ['wait', -12.2, -11.6], ['kai', -11.6, -4.2]],
  typing: [['kai', -9, -2]],
  reconnecting: [['you', -15, -12], ['wait', -12, -11.4], ['kai', -11.4, -5], ['you', -3.9, -2.6], ['thin-you', -2.6, -0.7]],
  'rolling-over': [['you', -15, -12], ['wait', -12, -11.4], ['kai', -11.4, -3]],
  limit: [['you', -14, -10.6], ['wait', -10.6, -10], ['kai', -10, -1.9], ['floor', -1.9, Infinity]],
  ended: [['you', -14, -9.8], ['wait', -9.8, -9.2], ['kai', -9.2, -2.2], ['you', -1.7, -0.7]],
}

const strokeMs = 120
const hash = (n: number) => {
  const x = Math.sin(n * 12.9898 + 4.1) * 43758.5453
  return x - Math.floor(x)
}

/** A speech-like level (RMS): phrases that swell, pauses between them. */
function levelAt(index: number, voice: number, floor: boolean): number {
  if (floor) return 0.002 + 0.0025 * hash(index)
  const phrase = 0.45 + 0.55 * Math.abs(Math.sin(index * 0.13 + voice * 2))
  const height = hash(index * 3 + voice * 91) < 0.14 ? 0.06 : (0.12 + 0.8 * hash(index + voice * 57)) * phrase
  return 10 ** ((height ** (1 / 1.6) * 48 - 54) / 20)
}

function strokes(from: number, to: number, nowMs: number, how: { voice: number, state: Stroke['state'], floor?: boolean }): Stroke[] {
  const count = Math.max(0, Math.floor((to - from) / strokeMs))
  return Array.from({ length: count }, (_, index) => {
    const atMs = from + index * strokeMs
    const state = how.state === 'heard' && atMs > nowMs ? 'waiting' : how.state
    return { atMs, level: levelAt(Math.round(atMs / strokeMs), how.voice, how.floor ?? false), state }
  })
}

/** `startMs`: the moment the state began, around which its pieces lie. */
export function scriptedTimeline(state: ScriptedState, startMs: number, nowMs: number): Timeline {
  const timeline: Timeline = { user: [], assistant: [], waits: [], cuts: [] }
  for (const [kind, from, to = 0] of shapes[state]) {
    const fromMs = startMs + from * 1000
    const toMs = to === Infinity ? nowMs : startMs + to * 1000
    if (kind === 'cut') timeline.cuts.push({ atMs: fromMs })
    else if (kind === 'wait') timeline.waits.push(to === Infinity ? { fromMs } : { fromMs, toMs })
    else if (kind === 'kai') timeline.assistant.push(...strokes(fromMs, to === Infinity ? nowMs + 3400 : toMs, nowMs, { voice: 1, state: 'heard' }))
    else if (kind === 'tail') timeline.assistant.push(...strokes(fromMs, toMs, nowMs, { voice: 1, state: 'cut' }))
    else timeline.user.push(...strokes(fromMs, toMs, nowMs, { voice: 0, state: kind === 'thin-you' ? 'waiting' : 'heard', floor: kind === 'floor' }))
  }
  return timeline
}

export function scriptedCallState(state: ScriptedState, trouble: Trouble, because?: Ending): CallState {
  const sinceMs = scriptedNowMs
  switch (state) {
    case 'muted':
    case 'typing':
      return { name: 'listening' }
    case 'user-speaking': return { name: state, sinceMs: sinceMs - 3100 }
    case 'connecting': return { name: state, sinceMs: 0 }
    case 'reconnecting': return { name: state, attempt: 2, attempts: 5 }
    case 'error': return { name: state, trouble }
    case 'ended': return { name: state, durationMs: 134_000, turns: 7, ...(because ? { because } : {}) }
    case 'limit': return { name: state, of: 'call' }
    case 'thinking':
    case 'speaking':
    case 'interrupted':
      return { name: state, sinceMs }
    case 'held': return { name: state, sinceMs: sinceMs - 8600 }
    default: return { name: state }
  }
}

/** What a call of this price used, its last answer, and the day. */
export function scriptedUsage(usd: number): Usage {
  const spent = (share: number): Spent => {
    const of = (tokens: number) => Math.round(tokens * share)
    return {
      usd: usd * share,
      inputTokens: { text: of(2716), audio: of(1700), image: 0 }, cachedTokens: { text: of(2176), audio: of(1280), image: 0 },
      outputTokens: { text: of(248), audio: of(684) }, transcribedSeconds: 31 * share,
    }
  }
  return { model: 'gpt-realtime-2.1', pricesOf: '2026-11-01', of: 'response', last: spent(0.3), call: spent(1), day: spent(4.6) }
}

/** How long the answers so far took, the last one the fastest. */
export function scriptedLatencies(): AnswerLatency[] {
  return [1480, 1120, 960, 1310, 870].map((heardMs, index) => ({
    replyId: `resp_${index}`, committedMs: 12 + index, textMs: Math.round(heardMs * 0.45), audioMs: heardMs - 90 - index * 7, heardMs: index === 3 ? undefined : heardMs, relayMs: 0.21 + index / 50,
  }))
}

/** One exchange as it crosses the wire. */
export function scriptedRecords(): WireRecord[] {
  const records: WireRecord[] = []
  const add = (direction: 'in' | 'out', type: string, atMs: number, body: object = {}, bytes = 180) =>
    records.push({ seq: records.length + 1, direction, type, atMs, bytes, json: JSON.stringify({ type, ...body }), known: !type.startsWith('vendor.') })
  add('in', 'session.created', 310, { session: {
    type: 'realtime', model: 'kaiwa-local', output_modalities: ['audio'],
    audio: { input: { turn_detection: { type: 'server_vad', silence_duration_ms: 500 } }, output: { voice: 'flite' } },
  } }, 940)
  for (let i = 0; i < 60; i++) add('out', 'input_audio_buffer.append', 400 + i * 40, { audio: '<1.9 kB>' }, 2600)
  add('in', 'input_audio_buffer.speech_started', 2300, { audio_start_ms: 1980, item_id: 'item_u1' })
  for (let i = 0; i < 70; i++) add('out', 'input_audio_buffer.append', 2800 + i * 40, { audio: '<1.9 kB>' }, 2600)
  for (const type of ['input_audio_buffer.speech_stopped', 'input_audio_buffer.committed', 'conversation.item.added', 'response.created', 'response.output_item.added']) {
    add('in', type, 5640, { item_id: 'item_u1' })
  }
  for (let i = 0; i < 25; i++) {
    add('in', 'response.output_audio.delta', 6100 + i * 40, { item_id: 'item_k1', delta: '<9.6 kB>' }, 12_900)
    add('in', 'response.output_audio_transcript.delta', 6110 + i * 40, { item_id: 'item_k1', delta: 'Saturday stays ' })
    add('out', 'input_audio_buffer.append', 6120 + i * 40, { audio: '<1.9 kB>' }, 2600)
  }
  add('in', 'vendor.note', 7150, { text: 'An event that Kaiwa does not know.' })
  for (const type of ['response.output_audio.done', 'response.output_audio_transcript.done', 'response.output_item.done', 'response.done', 'rate_limits.updated']) add('in', type, 7200, { response_id: 'resp_1' })
  add('out', 'conversation.item.truncate', 31_000, { item_id: 'item_k1', content_index: 0, audio_end_ms: 19_000 })
  return records
}
