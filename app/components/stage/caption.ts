import type { CallSnapshot, Ending, Turn } from '../../voice/call.ts'
import { spokenWords } from '../thread/spoken-words.ts'
import type { SpokenWords } from '../thread/spoken-words.ts'
import type { StageLook } from './stage-look.ts'

/** What stands under the waveform in large type. */
export type Caption
  = | { kind: 'nothing' }
    | { kind: 'note', note: 'idle' | 'permission' | 'connecting' | 'connecting-by-hand' | 'listening' | 'by-hand' | 'typing' | 'ended' | 'empty' }
    /** The server ended the call, and why. */
    | { kind: 'over', because: Ending }
    /** The user spoke, the words aren't there yet. */
    | { kind: 'late', durationMs: number | undefined }
    | { kind: 'words', speaker: 'user' | 'assistant', words: SpokenWords, /** The closing mark: the turn ended whole. */ closed: boolean, cut: boolean, caret: boolean, dim: boolean }

/** About three lines of large type. */
const captionChars = 132

/** Chunks of whole sentences, from the start of the text: growth at the end never moves what stands before. */
export function captionChunks(text: string, maxChars = captionChars): { from: number, to: number }[] {
  const chunks: { from: number, to: number }[] = []
  let from = 0
  let to = 0
  for (const [sentence] of text.matchAll(/[^.!?。!?]*[.!?。!?]+["'”’」』)]*\s*|[^.!?。!?]+$/gu)) {
    if (to > from && to - from + sentence.trimEnd().length > maxChars) {
      chunks.push({ from, to })
      from = to
    }
    to += sentence.length
    while (to - from > maxChars * 1.25) {
      const space = text.lastIndexOf(' ', from + maxChars)
      const at = space > from ? space + 1 : from + maxChars
      chunks.push({ from, to: at })
      from = at
    }
  }
  if (to > from || chunks.length === 0) chunks.push({ from, to })
  return chunks
}

/** The words of the chunk around the one that matters: the current word, the cut, or the end. */
function windowed(words: SpokenWords): SpokenWords {
  const whole = words.heard + words.current + words.ahead
  if (words.lost) {
    const start = captionChunks(words.heard).at(-1)!.from
    const rest = captionChunks(words.lost, Math.max(24, captionChars - (words.heard.length - start)))[0]!
    return { ...words, heard: words.heard.slice(start), lost: words.lost.slice(0, rest.to) }
  }
  const focus = words.current || words.ahead ? words.heard.length : whole.length - 1
  const { from, to } = captionChunks(whole).find(chunk => focus < chunk.to) ?? { from: 0, to: whole.length }
  const part = (start: number, text: string) => text.slice(Math.max(0, from - start), Math.max(0, to - start))
  return { heard: part(0, words.heard), current: part(words.heard.length, words.current), ahead: part(words.heard.length + words.current.length, words.ahead), lost: '' }
}

function wordsOf(turn: Turn, how: { sounding?: boolean, caret?: boolean, dim?: boolean }): Caption {
  const { segment } = turn
  if (segment.speaker === 'user' && segment.text === '' && !how.caret) return segment.textState === 'unavailable' ? { kind: 'nothing' } : { kind: 'late', durationMs: turn.durationMs }
  const closed = !how.caret && !how.sounding && !segment.open && !segment.cut
  return { kind: 'words', speaker: segment.speaker, words: windowed(spokenWords(turn, how.sounding ?? false)), closed, cut: !!segment.cut, caret: how.caret ?? false, dim: how.dim ?? false }
}

/** The user's words while they are being said; before the first of them, only the mark and the caret. */
function speaking(turns: readonly Turn[], dim: boolean): Caption {
  const last = turns.at(-1)
  if (last?.segment.speaker === 'user' && last.segment.medium === 'voice' && (last.segment.open || last.segment.textState === 'pending')) return wordsOf(last, { caret: true, dim })
  return { kind: 'words', speaker: 'user', words: { heard: '', current: '', ahead: '', lost: '' }, closed: false, cut: false, caret: true, dim }
}

function lastWords(turns: readonly Turn[], otherwise: Caption): Caption {
  const last = turns.at(-1)
  return last ? wordsOf(last, {}) : otherwise
}

/** Decides the caption of a snapshot. `byHand`: as for the look. */
export function captionOf(look: StageLook['name'], { turns, state }: Pick<CallSnapshot, 'turns'> & Partial<Pick<CallSnapshot, 'state'>>, byHand = false): Caption {
  switch (look) {
    case 'idle':
    case 'permission':
      return { kind: 'note', note: look }
    case 'connecting':
      return turns.at(-1)?.segment.open ? speaking(turns, true) : { kind: 'note', note: byHand ? 'connecting-by-hand' : 'connecting' }
    case 'user-speaking':
    case 'held':
      return speaking(turns, false)
    case 'thinking': {
      const asked = turns.findLast(turn => turn.segment.speaker === 'user')
      return asked ? wordsOf(asked, {}) : { kind: 'nothing' }
    }
    case 'speaking': {
      const answer = turns.findLast(turn => turn.segment.speaker === 'assistant')
      return answer ? wordsOf(answer, { sounding: true }) : { kind: 'nothing' }
    }
    case 'interrupted': {
      const cut = turns.findLast(turn => turn.segment.speaker === 'assistant')
      return cut ? wordsOf(cut, {}) : { kind: 'nothing' }
    }
    // The goodbye, as it is heard.
    case 'limit': {
      const goodbye = turns.at(-1)
      return goodbye ? wordsOf(goodbye, { sounding: goodbye.segment.speaker === 'assistant' && !!goodbye.heard }) : { kind: 'nothing' }
    }
    case 'listening':
    case 'by-hand':
    case 'typing':
      return lastWords(turns, { kind: 'note', note: look })
    case 'ended':
      if (state?.name === 'ended' && state.because) return { kind: 'over', because: state.because }
      return { kind: 'note', note: turns.length > 0 ? 'ended' : 'empty' }
    case 'error':
      return { kind: 'nothing' }
    default:
      return lastWords(turns, { kind: 'nothing' })
  }
}
