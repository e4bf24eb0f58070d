import type { Turn } from './call.ts'

/** So much of it goes to a new session at once. */
const MAX_TURNS = 40
const MAX_CHARS = 20_000

/**
 * What the user said in this call, oldest first, for a session that begins in the middle of it. A page may tell a model no more than that: what was
 * answered is not its to say, and the new session doesn't know it. The newest counts where there is too much. Pure.
 */
export function saidSoFar(turns: readonly Turn[]): { segmentId: string, text: string }[] {
  const said: { segmentId: string, text: string }[] = []
  let chars = 0
  for (const { segment, earlier } of turns.toReversed()) {
    if (earlier || said.length === MAX_TURNS) break
    if (segment.speaker !== 'user' || segment.text.trim() === '') continue
    chars += segment.text.length
    if (chars > MAX_CHARS) break
    said.unshift({ segmentId: segment.id, text: segment.text })
  }
  return said
}
