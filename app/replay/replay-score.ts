import type { Segment } from '@kaiwa/protocol'
import type { KeptCall, KeptConversation, KeptItem } from '../../shared/history.ts'
import type { Turn } from '../voice/call.ts'
import { spokenChars } from '../voice/spoken-text.ts'

/*
 * A kept conversation laid on one axis of time: its calls one directly after the other, each by its own clock, without the silence after its last word.
 * Times of a score are ms on that axis.
 */

/** One call's stretch of the axis. A moment of the call is at `shiftMs` + its call's ms. */
export interface ScoreCall { call: KeptCall, shiftMs: number, fromMs: number, toMs: number }

/** A turn, when it sounded; typed ones are a moment. `turn` is as the thread shows it. */
export interface ScoreTurn { kind: 'turn', item: KeptItem, turn: Turn, fromMs: number, toMs: number, /** What of its text was heard. */ heardText: string }

export interface ScoreTool { kind: 'tool', item: KeptItem, name: string, fromMs: number, /** Undefined: no result was kept. */ toMs: number | undefined, arguments: string, result: string | undefined }

/** From the end of somebody's speech to the first sound of the answer: heard, or at the server where the page told nothing. */
export interface ScoreWait { fromMs: number, toMs: number, responseId: string }

export interface Score {
  durationMs: number
  calls: ScoreCall[]
  /** In the conversation's order. */
  entries: (ScoreTurn | ScoreTool)[]
  waits: ScoreWait[]
  cuts: { atMs: number }[]
}

/** Silence kept at the end of a call, so that its last word doesn't run into the next one's first. */
const TAIL_MS = 600
/** A call of which nothing has a time still has a place. */
const SHORTEST_MS = 1000

export function scoreOf(conversation: KeptConversation): Score {
  const calls = placeCalls(conversation)
  const shiftOf = new Map(calls.map(({ call, shiftMs }) => [call.id, shiftMs]))
  const outputs = new Map(conversation.items.flatMap(item => item.kind === 'function_call_output' && item.tool_call_id ? [[item.tool_call_id, item]] : []))
  const began = new Map(calls.map(({ call }) => [call.id, call.began_at_ms]))
  const momentOf = (item: KeptItem) => (shiftOf.get(item.call_id) ?? 0) + Math.max(0, item.at_ms - (began.get(item.call_id) ?? item.at_ms))
  const entries = conversation.items.flatMap((item): (ScoreTurn | ScoreTool)[] => {
    if (item.kind === 'message' && (item.role === 'user' || item.role === 'assistant')) return [turnOf(item, shiftOf.get(item.call_id) ?? 0, momentOf(item))]
    if (item.kind === 'function_call') return [toolOf(item, outputs.get(item.tool_call_id ?? ''), momentOf)]
    return []
  })
  const waits = conversation.latencies.flatMap(({ call_id, response_id, speech_end_ms, first_heard_ms, first_audio_ms }) => {
    const ms = first_heard_ms ?? first_audio_ms
    const shiftMs = shiftOf.get(call_id)
    return ms === null || shiftMs === undefined ? [] : [{ fromMs: shiftMs + speech_end_ms, toMs: shiftMs + speech_end_ms + ms, responseId: response_id }]
  })
  const cuts = entries.flatMap(entry => entry.kind === 'turn' && entry.turn.segment.cut && entry.toMs > entry.fromMs ? [{ atMs: entry.toMs }] : [])
  return { durationMs: Math.max(SHORTEST_MS, calls.at(-1)?.toMs ?? 0), calls, entries, waits: waits.sort((a, b) => a.fromMs - b.fromMs), cuts }
}

/** Each call is as long as what is kept of it; one of which a branch has nothing is left out. */
function placeCalls({ calls, items }: KeptConversation): ScoreCall[] {
  const placed: ScoreCall[] = []
  let atMs = 0
  for (const call of [...calls].sort((a, b) => a.began_at_ms - b.began_at_ms)) {
    const own = items.filter(item => item.call_id === call.id)
    if (own.length === 0) continue
    const begins = Math.min(0, ...own.map(item => item.span?.from_ms ?? 0))
    const ends = Math.max(0, ...own.map(item => item.span?.to_ms ?? Math.max(0, item.at_ms - call.began_at_ms)))
    const lengthMs = Math.max(SHORTEST_MS, ends - begins + TAIL_MS)
    placed.push({ call, shiftMs: atMs - begins, fromMs: atMs, toMs: atMs + lengthMs })
    atMs += lengthMs
  }
  return placed
}

function turnOf(item: KeptItem, shiftMs: number, momentMs: number): ScoreTurn {
  const speaker = item.role === 'assistant' ? 'assistant' : 'user'
  const fromMs = item.span ? shiftMs + item.span.from_ms : momentMs
  const toMs = item.span ? Math.max(fromMs, shiftMs + item.span.to_ms) : momentMs
  const cut = speaker === 'assistant' && item.cut_at_ms !== null
  const heardText = cut ? item.heard_text ?? '' : item.text
  const segment: Segment = {
    id: item.id, speaker, afterId: undefined, medium: item.medium, text: item.text,
    // What was pending when a call ended never came.
    textState: item.text_state === 'pending' ? 'unavailable' : item.text_state, open: false,
    ...cut ? { cut: { by: 'user', heardMs: toMs - fromMs } } : {},
  }
  const spoken = item.medium === 'voice' && toMs > fromMs
  const turn: Turn = { segment, startedAtMs: fromMs, ...spoken ? { durationMs: toMs - fromMs } : {}, ...cut ? { heardChars: heardText.length } : {} }
  return { kind: 'turn', item, turn, fromMs, toMs, heardText }
}

function toolOf(item: KeptItem, output: KeptItem | undefined, momentOf: (item: KeptItem) => number): ScoreTool {
  const fromMs = momentOf(item)
  return {
    kind: 'tool', item, name: item.name ?? '', fromMs, toMs: output && Math.max(fromMs, momentOf(output)),
    arguments: item.text, result: output?.text,
  }
}

/** How many characters of the turn had been spoken at `atMs`: spread evenly over its sound, down to whole words. */
export function charsAt({ fromMs, toMs, heardText }: Pick<ScoreTurn, 'fromMs' | 'toMs' | 'heardText'>, atMs: number): number {
  return spokenChars([], { segmentId: '', heardMs: atMs - fromMs, receivedMs: toMs - fromMs, complete: true }, heardText)
}

/** When the character at `index` was spoken; of words never heard, the end of what was. */
export function momentOfChar({ fromMs, toMs, heardText }: Pick<ScoreTurn, 'fromMs' | 'toMs' | 'heardText'>, index: number): number {
  return heardText.length === 0 ? fromMs : fromMs + (Math.min(Math.max(0, index), heardText.length) / heardText.length) * (toMs - fromMs)
}

/** The turn that sounds at `atMs`, else the last one before it. */
export function turnAt(score: Pick<Score, 'entries'>, atMs: number): ScoreTurn | undefined {
  let last: ScoreTurn | undefined
  for (const entry of score.entries) {
    // Over somebody who still speaks, the one who began later has the word.
    if (entry.kind === 'turn' && entry.fromMs <= atMs && (!last || entry.fromMs >= last.fromMs || (last.toMs < atMs && entry.toMs >= atMs))) last = entry
  }
  return last
}

/** Where the next sound begins when nothing sounds at `atMs`; undefined: something does, or nothing comes. */
export function nextSound({ entries }: Pick<Score, 'entries'>, atMs: number): number | undefined {
  let next: number | undefined
  for (const entry of entries) {
    if (entry.kind !== 'turn') continue
    if (entry.fromMs <= atMs && entry.toMs > atMs) return undefined
    if (entry.fromMs > atMs && (next === undefined || entry.fromMs < next)) next = entry.fromMs
  }
  return next
}
