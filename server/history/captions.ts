import type { StoredConversation } from '../store/store.ts'
import { saidOf } from './conversation-view.ts'
import type { CallTimeline } from './timeline.ts'

/** A line to be shown while it is spoken; times are those of the recording of all calls. */
export interface Cue { fromMs: number, toMs: number, speaker: string, text: string }

/** Two lines of a usual player; of wide signs half as many. */
const MAX_WIDTH = 84
/** Shorter can't be read. */
const LEAST_MS = 300
const isWide = (sign: string) => /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/.test(sign)
const widthOf = (text: string) => [...text].reduce((sum, sign) => sum + (isWide(sign) ? 2 : 1), 0)

/** One line without signs that steer whoever shows it; an arrow would end a cue's text. */
const plain = (text: string) => text.replace(/[\p{C}\s]+/gu, ' ').replaceAll('-->', '→').trim()

/** What was spoken, when: in pieces that fit a screen, each for its share of the time, never two at once. */
export function cuesOf({ itemsOf, personaName }: Pick<StoredConversation, 'itemsOf' | 'personaName'>, calls: readonly CallTimeline[]): Cue[] {
  const callOf = new Map(calls.map(call => [call.callId, call]))
  const cues = itemsOf.flatMap((item): Cue[] => {
    const call = callOf.get(item.callId)
    const text = plain(saidOf(item))
    if (!call || !item.span || item.kind !== 'message' || item.role === 'system' || text === '') return []
    const at = (ms: number) => Math.max(call.startMs, Math.round(call.startMs + ms - call.fromMs))
    return inPieces({ fromMs: at(item.span.fromMs), toMs: at(item.span.toMs), text, speaker: item.role === 'user' ? 'You' : plain(personaName ?? '') || 'Kaiwa' })
  })
  return oneAtATime(cues.sort((one, other) => one.fromMs - other.fromMs))
}

function inPieces(cue: Cue): Cue[] {
  const pieces = piecesOf(cue.text)
  const whole = widthOf(cue.text) || 1
  const lengthMs = Math.max(cue.toMs - cue.fromMs, 1)
  let before = 0
  return pieces.map(text => {
    const fromMs = cue.fromMs + Math.round(lengthMs * before / whole)
    before += widthOf(text) + 1
    return { ...cue, text, fromMs, toMs: cue.fromMs + Math.round(lengthMs * Math.min(1, before / whole)) }
  })
}

/** At spaces, and between wide signs. */
function piecesOf(text: string): string[] {
  const pieces: string[] = []
  let piece = ''
  for (const word of text.match(/\S+\s*/gu) ?? []) {
    for (const part of widthOf(word) <= MAX_WIDTH ? [word] : word.match(/.{1,42}/gu) ?? []) {
      if (piece !== '' && widthOf(piece + part.trimEnd()) > MAX_WIDTH) {
        pieces.push(piece.trimEnd())
        piece = ''
      }
      piece += part
    }
  }
  return piece === '' ? pieces : [...pieces, piece.trimEnd()]
}

/** Who is talked over gives way; a line that had no time to be read delays the next one. */
function oneAtATime(cues: readonly Cue[]): Cue[] {
  const apart: Cue[] = []
  for (const cue of cues) {
    const last = apart.at(-1)
    const fromMs = Math.max(cue.fromMs, last ? last.fromMs + LEAST_MS : 0)
    if (last) last.toMs = Math.min(last.toMs, fromMs)
    apart.push({ ...cue, fromMs, toMs: Math.max(cue.toMs, fromMs + LEAST_MS) })
  }
  return apart
}

const clock = (ms: number, point: string) => {
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0')
  return `${two(ms / 3_600_000)}:${two(ms / 60_000 % 60)}:${two(ms / 1000 % 60)}${point}${String(Math.floor(ms % 1000)).padStart(3, '0')}`
}

/** SubRip, as players understand it: numbered, comma before the milliseconds. */
export const toSrt = (cues: readonly Cue[]) =>
  cues.map(({ fromMs, toMs, speaker, text }, at) => `${at + 1}\n${clock(fromMs, ',')} --> ${clock(toMs, ',')}\n${withoutTags(speaker)}: ${withoutTags(text)}\n`).join('\n')

/** Players take what stands between angle brackets for markup, and have no way to escape it. */
const withoutTags = (text: string) => text.replaceAll('<', '‹').replaceAll('>', '›')

/** WebVTT (W3C), with voices. */
export const toVtt = (cues: readonly Cue[]) => `WEBVTT\n${cues.map(({ fromMs, toMs, speaker, text }) =>
  `\n${clock(fromMs, '.')} --> ${clock(toMs, '.')}\n<v ${escaped(speaker)}>${escaped(text)}</v>\n`).join('')}`

const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
