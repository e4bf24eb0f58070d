import type { Segment } from '@kaiwa/protocol'
import type { Heard, Turn } from './call.ts'
import type { ConversationView } from './conversation-view.ts'
import { spokenChars } from './spoken-text.ts'
import type { TextMark } from './spoken-text.ts'

/** Segments, what was heard of them and when → the turns that the page shows. Pure; unchanged turns stay the same objects. */

/** `durationMs`: length of what was spoken; unset while it isn't known, and for what was typed. */
export interface TurnTime { startedAtMs: number, durationMs?: number }

export interface TurnFacts {
  view: ConversationView
  heard: ReadonlyMap<string, Heard>
  times: ReadonlyMap<string, TurnTime>
  /** How much text was there at which point of the audio; from `markText`. */
  marks: ReadonlyMap<string, readonly TextMark[]>
}

/**
 * The turns in the conversation's order, behind those of a call before. `before`: the last result, whose turns are reused where
 * segment, heard and time are the same; when nothing changed at all, `before` itself comes back.
 */
export function buildTurns(before: readonly Turn[], earlier: readonly Turn[], facts: TurnFacts): readonly Turn[] {
  const known = new Map(before.map(turn => [turn.segment.id, turn]))
  const turns: Turn[] = [...earlier]
  // A server that tells the model what was said before tells the page, too, which has it already.
  const above = new Set(earlier.map(turn => turn.segment.id))
  for (const id of facts.view.order) {
    const segment = above.has(id) ? undefined : facts.view.segments.get(id)
    if (segment) turns.push(turnOf(segment, facts, known.get(id)))
  }
  return turns.length === before.length && turns.every((turn, i) => turn === before[i]) ? before : turns
}

function turnOf(segment: Segment, { heard: heards, times, marks }: TurnFacts, before: Turn | undefined): Turn {
  const { startedAtMs = 0, durationMs } = times.get(segment.id) ?? {}
  const heard = heards.get(segment.id)
  const spokenMs = segment.medium === 'text' ? undefined : heard ? (segment.cut ? heard.heardMs : heard.receivedMs) : durationMs
  if (before && before.segment === segment && before.heard === heard && before.startedAtMs === startedAtMs && before.durationMs === spokenMs) return before
  return {
    segment, startedAtMs,
    ...(spokenMs === undefined ? {} : { durationMs: spokenMs }),
    ...(heard ? { heard, heardChars: spokenChars(marks.get(segment.id) ?? [], heard, segment.text) } : {}),
  }
}

/** The call is over: nothing grows any more. An answer that was not heard to its end is cut there. */
export function closedTurns(turns: readonly Turn[], by: 'user' | 'server'): Turn[] {
  return turns.map(turn => {
    const { segment, heard } = turn
    const unheard = segment.speaker === 'assistant' && segment.medium === 'voice' && !segment.cut
      && (segment.open || (heard !== undefined && !(heard.complete && heard.heardMs >= heard.receivedMs)))
    if (!segment.open && !unheard && segment.textState !== 'pending') return turn
    return {
      ...turn,
      segment: {
        ...segment,
        open: false,
        textState: segment.textState === 'pending' ? 'unavailable' : segment.textState === 'partial' ? 'final' : segment.textState,
        ...(unheard ? { cut: { by, heardMs: heard?.heardMs ?? 0 } } : {}),
      },
    }
  })
}
