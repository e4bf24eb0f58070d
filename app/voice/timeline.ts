import { energy } from '@kaiwa/audio'
import type { Stroke, Timeline } from './call.ts'

export const STROKE_MS = 120
const SAMPLES_PER_MS = 24
const STROKE_SAMPLES = STROKE_MS * SAMPLES_PER_MS
/** Half a microphone frame: a frame belongs to the stroke that holds its middle. */
const HALF_FRAME_MS = 20
/** Longer ago than this leaves the stage for good. Full ⇒ the oldest strokes go. */
const KEEP_MS = 120_000
/** Segments that wait, when nothing is ever heard (a page that may not sound). Full ⇒ the oldest go. */
const MAX_VOICES = 200
/** 10 minutes, as much as the player keeps. Full ⇒ the rest is not drawn. */
const MAX_VOICE_STROKES = 5000
/** The player reports every 50 ms while it sounds: after this it stands still, and what waits moves with the present. */
const STALE_MS = 150
/** A report later than this is no slow page but a gap in the sound. */
const LATE_MS = 150

/** Measured levels of both voices on the call's time axis, in strokes of 120 ms. Nothing here is guessed: no sound, no stroke. */
export interface TimelineModel {
  /** One microphone frame. @param atMs when its last sample was spoken */
  userFrame(atMs: number, level: number): void
  /** Frames up to this time have gone to the other side. */
  userSentUpTo(atMs: number): void
  assistantAudio(segmentId: string, samples: Int16Array): void
  /** At `atMs`, the first `heardMs` of the segment had been heard. */
  playedUpTo(segmentId: string, heardMs: number, atMs: number): void
  /** The rest of the segment, and what waits behind it, will never be heard. */
  cut(segmentId: string, heardMs: number, atMs: number): void
  /** The end of the user's speech; a wait that is open begins anew. */
  waitFrom(atMs: number): void
  /** The first sample of the answer was heard. */
  waitTo(atMs: number): void
  /** What is to be drawn between two times. @param nowMs the present, for what is yet to be heard. @default the newest time told */
  window(fromMs: number, toMs: number, nowMs?: number): Timeline
  clear(): void
}

interface UserStroke { slot: number, sumOfSquares: number, frames: number, lastMs: number }
/** A stretch of the assistant's voice. `anchor`: where on the axis which ms of it was heard last; a new one after each gap. */
interface Voice {
  segmentId: string
  samples: number
  /** Sum of squares of each 120 ms. */
  energies: number[]
  /** When each stroke was heard, as far as it was. */
  heardAt: number[]
  heardMs: number
  anchor: { atMs: number, heardMs: number } | undefined
  cut: boolean
}

export function createTimeline(): TimelineModel {
  let strokes: UserStroke[] = []
  let voices: Voice[] = []
  let waits: Timeline['waits'] = []
  let cuts: Timeline['cuts'] = []
  let sentUpToMs = -Infinity
  let latestMs = 0

  function advance(atMs: number): void {
    latestMs = Math.max(latestMs, atMs)
    const oldest = latestMs - KEEP_MS
    while (strokes[0] && (strokes[0].slot + 1) * STROKE_MS < oldest) strokes.shift()
    while (voices[0] && endsAt(voices[0]) < oldest) voices.shift()
    while (waits[0]?.toMs !== undefined && waits[0].toMs < oldest) waits.shift()
    while (cuts[0] && cuts[0].atMs < oldest) cuts.shift()
  }

  function userFrame(atMs: number, level: number): void {
    const slot = Math.floor((atMs - HALF_FRAME_MS) / STROKE_MS)
    let stroke = strokes.at(-1)
    // Frames come in order; one that would land before the last stroke is counted into it.
    if (!stroke || slot > stroke.slot) strokes.push(stroke = { slot, sumOfSquares: 0, frames: 0, lastMs: atMs })
    stroke.sumOfSquares += level * level
    stroke.frames++
    stroke.lastMs = Math.max(stroke.lastMs, atMs)
    advance(atMs)
  }

  function assistantAudio(segmentId: string, samples: Int16Array): void {
    let voice = find(segmentId)
    if (!voice) voices.push(voice = { segmentId, samples: 0, energies: [], heardAt: [], heardMs: 0, anchor: undefined, cut: false })
    if (voices.length > MAX_VOICES) voices.shift()
    for (let at = 0; at < samples.length;) {
      const stroke = Math.floor(voice.samples / STROKE_SAMPLES)
      if (stroke >= MAX_VOICE_STROKES) return
      const count = Math.min(samples.length - at, (stroke + 1) * STROKE_SAMPLES - voice.samples)
      voice.energies[stroke] = (voice.energies[stroke] ?? 0) + energy(samples, at, at + count)
      voice.samples += count
      at += count
    }
  }

  function playedUpTo(segmentId: string, heardMs: number, atMs: number): void {
    advance(atMs)
    const voice = find(segmentId)
    if (!voice || heardMs < voice.heardMs) return
    // Cut while it waited behind another, and heard all the same: it came after the interruption.
    const revived = voice.cut && voice.heardMs === 0 && heardMs > 0
    if (revived) voice.cut = false
    if (!voice.anchor || revived) begin(voice, atMs - heardMs)
    const zeroMs = atMs - heardMs
    const before = revived || !voice.anchor ? zeroMs : voice.anchor.atMs - voice.anchor.heardMs
    // Reports reach the page late, never early: the earliest is right, until playback really fell behind.
    const steadyMs = zeroMs > before && zeroMs < before + LATE_MS ? before : zeroMs
    voice.heardMs = heardMs
    voice.anchor = { atMs: steadyMs + heardMs, heardMs }
    for (let stroke = voice.heardAt.length; stroke * STROKE_MS < heardMs; stroke++) {
      const earliestMs = stroke > 0 ? voice.heardAt[stroke - 1]! + STROKE_MS : -Infinity
      voice.heardAt.push(Math.max(earliestMs, steadyMs + stroke * STROKE_MS))
    }
  }

  /** A new voice sounds from here on: what was cut before it does not run on below it. */
  function begin(voice: Voice, atMs: number): void {
    for (const earlier of voices) {
      if (!earlier.cut || !earlier.anchor || earlier === voice) continue
      const unheard = Math.ceil((atMs - earlier.anchor.atMs + earlier.anchor.heardMs) / STROKE_MS)
      const kept = Math.max(earlier.heardAt.length, unheard)
      earlier.energies.length = Math.max(0, Math.min(earlier.energies.length, kept))
    }
  }

  function cut(segmentId: string, heardMs: number, atMs: number): void {
    playedUpTo(segmentId, heardMs, atMs)
    const at = voices.findIndex(voice => voice.segmentId === segmentId)
    if (at === -1) return
    let endMs = -Infinity
    for (const voice of voices.slice(at)) {
      if (voice.segmentId !== segmentId && voice.anchor) continue
      voice.cut = true
      // What waited behind keeps its place behind.
      voice.anchor ??= { atMs: endMs, heardMs: 0 }
      endMs = endsAt(voice)
    }
    cuts.push({ atMs })
  }

  /** Where a stroke was heard, or will be: on from where its segment was last heard. */
  function placeOf(voice: Voice, stroke: number): number {
    const { atMs, heardMs } = voice.anchor ?? { atMs: latestMs, heardMs: 0 }
    return voice.heardAt[stroke] ?? atMs + stroke * STROKE_MS - heardMs
  }
  const endsAt = (voice: Voice) => voice.anchor ? placeOf(voice, Math.max(0, voice.energies.length - 1)) + STROKE_MS : Infinity
  const find = (segmentId: string) => voices.findLast(voice => voice.segmentId === segmentId)

  function userStrokes(fromMs: number, toMs: number): Stroke[] {
    const inside = strokes.filter(({ slot }) => (slot + 1) * STROKE_MS > fromMs && slot * STROKE_MS < toMs)
    return inside.map(({ slot, sumOfSquares, frames, lastMs }) => ({
      atMs: slot * STROKE_MS,
      level: Math.sqrt(sumOfSquares / frames),
      state: lastMs <= sentUpToMs ? 'heard' : 'waiting',
    }))
  }

  function assistantStrokes(fromMs: number, toMs: number, nowMs: number): Stroke[] {
    const drawn: Stroke[] = []
    // Voices that wait lie in the future, one behind the other.
    let nextMs = nowMs
    for (const voice of voices) {
      const nowhere = voice.anchor === undefined
      const shiftMs = nowhere ? nextMs - latestMs : lagOf(voice, nowMs)
      for (let stroke = 0; stroke < voice.energies.length; stroke++) {
        const heard = stroke < voice.heardAt.length
        const atMs = placeOf(voice, stroke) + (heard ? 0 : shiftMs)
        if (atMs >= toMs && heard) break
        if (!voice.cut && !heard) nextMs = Math.max(nextMs, atMs + STROKE_MS)
        if (atMs + STROKE_MS > fromMs && atMs < toMs) drawn.push({ atMs, level: levelOf(voice, stroke), state: stateOf(voice, stroke) })
      }
    }
    return drawn
  }

  return {
    userFrame,
    userSentUpTo(atMs) { sentUpToMs = Math.max(sentUpToMs, atMs) },
    assistantAudio,
    playedUpTo,
    cut,
    waitFrom(atMs) {
      advance(atMs)
      const open = waits.at(-1)
      if (open && open.toMs === undefined) open.fromMs = atMs
      else waits.push({ fromMs: atMs })
    },
    waitTo(atMs) {
      advance(atMs)
      const open = waits.at(-1)
      if (open && open.toMs === undefined) open.toMs = Math.max(open.fromMs, atMs)
    },
    window(fromMs, toMs, nowMs = latestMs) {
      return {
        user: userStrokes(fromMs, toMs),
        assistant: assistantStrokes(fromMs, toMs, nowMs),
        waits: waits.filter(wait => (wait.toMs ?? Infinity) > fromMs && wait.fromMs < toMs).map(wait => ({ ...wait })),
        cuts: cuts.filter(({ atMs }) => atMs >= fromMs && atMs < toMs).map(mark => ({ ...mark })),
      }
    },
    clear() {
      strokes = []
      voices = []
      waits = []
      cuts = []
      sentUpToMs = -Infinity
      latestMs = 0
    },
  }
}

/** How far a voice that stands still (starved, or its reports are late) has fallen behind the present. */
function lagOf(voice: Voice, nowMs: number): number {
  return voice.cut ? 0 : Math.max(0, nowMs - STALE_MS - voice.anchor!.atMs)
}

function levelOf(voice: Voice, stroke: number): number {
  const samples = Math.min(STROKE_SAMPLES, voice.samples - stroke * STROKE_SAMPLES)
  return Math.sqrt(voice.energies[stroke]! / samples)
}

/** Filled only when all of it was heard: never more than is true. */
function stateOf(voice: Voice, stroke: number): Stroke['state'] {
  const endMs = Math.min((stroke + 1) * STROKE_MS, Math.floor(voice.samples / SAMPLES_PER_MS))
  if (endMs <= voice.heardMs) return 'heard'
  return voice.cut ? 'cut' : 'waiting'
}
