import type { DialogueEvent, Segment } from '@kaiwa/protocol'
import type { Heard, Turn } from './call.ts'
import { emptyConversation, project } from './conversation-view.ts'
import { markText } from './spoken-text.ts'
import type { TextMark } from './spoken-text.ts'
import { buildTurns, closedTurns } from './turns.ts'
import type { TurnTime } from './turns.ts'

/** Keeps what `buildTurns` needs while a call runs: the conversation view, what was heard, when who spoke. */

export interface Transcript {
  readonly turns: readonly Turn[]
  /** Turns of this call alone. */
  readonly count: number
  /** @returns whether the turns may have changed. */
  apply(event: DialogueEvent, atMs: number): boolean
  /** The user's speech, on the call's clock; `segmentId` unknown when the page itself ended the turn. */
  userSpoke(segmentId: string | null, time: { fromMs: number, toMs?: number }): void
  heard(heard: Heard, atMs: number): void
  /** What was said before this page's first call: it stays above that call. */
  restore(turns: readonly Turn[]): void
  /** A new call; `keep`: the turns so far stay above. */
  begin(keep: boolean): void
  close(by: 'user' | 'server'): void
}

/** PCM16, 24 kHz, four characters for three bytes. */
const BASE64_CHARS_PER_MS = 64
/** Turns of calls before that are kept above. Full ⇒ the oldest go. */
const MAX_EARLIER_TURNS = 500

export function createTranscript(): Transcript {
  let view = emptyConversation
  let heards = new Map<string, Heard>()
  let times = new Map<string, TurnTime>()
  let received = new Map<string, number>()
  let marks = new Map<string, readonly TextMark[]>()
  let earlier: readonly Turn[] = []
  let restored = false
  let turns: readonly Turn[] | undefined = []
  let built: readonly Turn[] = []
  /** Speech whose segment isn't known yet. */
  let unclaimed: TurnTime | undefined

  function current() {
    if (turns) return turns
    built = buildTurns(built, earlier, { view, heard: heards, times, marks })
    turns = built
    return turns
  }
  const stale = () => { turns = undefined }

  function noteSegment(segment: Segment, atMs: number) {
    if (segment.speaker === 'assistant' && segment.medium === 'voice') {
      marks.set(segment.id, markText(marks.get(segment.id) ?? [], { chars: segment.text.length, receivedMs: received.get(segment.id) ?? 0 }))
    }
    if (times.has(segment.id)) return
    const claimed = segment.speaker === 'user' && segment.medium === 'voice' ? unclaimed : undefined
    if (claimed) unclaimed = undefined
    times.set(segment.id, claimed ?? { startedAtMs: atMs })
  }

  return {
    get turns() { return current() },
    get count() { return current().length - earlier.length },
    apply(event, atMs) {
      const next = project(view, event)
      if (event.type === 'voice') received.set(event.segmentId, (received.get(event.segmentId) ?? 0) + event.pcm16Base64.length / BASE64_CHARS_PER_MS)
      if (event.type === 'segment') noteSegment(event.segment, atMs)
      if (event.type === 'segment_removed') for (const facts of [heards, times, received, marks]) facts.delete(event.segmentId)
      if (next === view) return false
      view = next
      stale()
      return true
    },
    userSpoke(segmentId, { fromMs, toMs }) {
      const time = { startedAtMs: fromMs, ...(toMs === undefined ? {} : { durationMs: Math.max(0, toMs - fromMs) }) }
      if (segmentId === null) unclaimed = time
      else times.set(segmentId, time)
      stale()
    },
    heard(heard, atMs) {
      // It began when its first sample was heard, not when its text arrived.
      if (!heards.has(heard.segmentId)) times.set(heard.segmentId, { startedAtMs: Math.max(0, atMs - heard.heardMs) })
      heards.set(heard.segmentId, heard)
      stale()
    },
    restore(said) {
      earlier = said.slice(-MAX_EARLIER_TURNS).map(turn => ({ ...turn, earlier: true as const }))
      restored = true
      stale()
    },
    begin(keep) {
      earlier = keep || restored ? current().map(turn => turn.earlier ? turn : { ...turn, earlier: true as const }).slice(-MAX_EARLIER_TURNS) : []
      restored = false
      view = emptyConversation
      heards = new Map()
      times = new Map()
      received = new Map()
      marks = new Map()
      unclaimed = undefined
      stale()
    },
    close(by) {
      const closing = current()
      turns = built = [...earlier, ...closedTurns(closing.slice(earlier.length), by)]
    },
  }
}
