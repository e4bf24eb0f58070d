import { decodePcm16 } from '@kaiwa/audio'
import type { Heard, Trouble } from './call.ts'
import type { Output } from './output.ts'
import type { Player } from './player.ts'
import type { TimelineModel } from './timeline.ts'
import { troubleOfOutput } from './trouble.ts'

/** The assistant's voice of one call: line → player. Needs no microphone. Drops what comes of a reply after it was silenced. */

/** Loading the worklet; a second on a slow phone. */
const PLAYER_TIMEOUT_MS = 8000
/** How long a browser may take to let sound out, after a click. */
const RESUME_TIMEOUT_MS = 1500
/** The worklet answers in a quantum or two; a stuck one must not hold up what the user wants to say. */
const INTERRUPT_TIMEOUT_MS = 500
/** 60 s of voice that came before the player was there. Full ⇒ the rest of it is not heard. */
const MAX_EARLY_SAMPLES = 60 * 24_000
/** A late word of a reply comes within seconds. Full ⇒ the oldest is forgotten. */
const MAX_SILENCED = 128

export interface SpeechOutputParts {
  openOutput: () => Promise<Output>
  createPlayer: (context: AudioContext, output: Output) => Promise<Player>
  timeline: TimelineModel
  nowMs: () => number
  setTimer: (callback: () => void, delayMs: number) => () => void
}
export interface SpeechOutputPorts {
  onQueued: () => void
  /** `wanted`: it is still being played, not the last word about what was silenced. */
  onHeard: (heard: Heard, wanted: boolean) => void
  /** Nothing is left to play. */
  onOver: () => void
  onFailed: (trouble: Trouble) => void
  onWorks: () => void
}
export interface SpeechOutput {
  open(): Promise<void>
  /** Asks the browser to let sound out; from a click. */
  wake(): void
  play(replyId: string, segmentId: string, pcm16Base64: string): void
  end(segmentId: string): void
  /** Silence now; resolves with what was heard of the segment that sounded, undefined when there was none. Never rejects. */
  silence(replyIds: readonly string[]): Promise<Heard | undefined>
  /** Somebody may be interrupting: gives way without losing anything, until told otherwise or silenced. */
  duck(): void
  unduck(): void
  /** What sounds now; for the end of the call. */
  sounding(): Heard | undefined
  close(): void
}

export function createSpeechOutput(context: AudioContext, parts: SpeechOutputParts, ports: SpeechOutputPorts): SpeechOutput {
  const { timeline, nowMs } = parts
  const silencedReplies = createRecent(MAX_SILENCED)
  const silencedSegments = createRecent(MAX_SILENCED)
  const timers = new Set<() => void>()
  let early: ({ segmentId: string, samples: Int16Array } | { segmentId: string, samples?: undefined })[] | undefined = []
  let earlySamples = 0
  let player: Player | undefined
  let ducked = false
  let closed = false

  /** `undefined` after the time is up. */
  function within<T>(promise: Promise<T>, delayMs: number): Promise<T | undefined> {
    return new Promise((resolve, reject) => {
      const stop = parts.setTimer(() => settle(() => resolve(undefined)), delayMs)
      const settle = (how: () => void) => {
        stop()
        timers.delete(stop)
        how()
      }
      timers.add(stop)
      promise.then(value => settle(() => resolve(value)), (error: unknown) => settle(() => reject(error)))
    })
  }

  async function openPlayer() {
    const creating = parts.openOutput().then(opened => parts.createPlayer(context, opened))
    // Whoever comes after we have given up, or after the call, is closed.
    void creating.then(made => { if (closed || !early) made.close() }, () => {})
    try {
      const made = await within(creating, PLAYER_TIMEOUT_MS)
      if (closed) return made?.close()
      if (!made) throw new Error(`The audio player was not ready within ${PLAYER_TIMEOUT_MS / 1000} s`)
      attach(made)
    } catch (error) {
      early = undefined
      if (!closed) ports.onFailed(troubleOfOutput('audio_failed', error))
    }
  }

  function attach(made: Player) {
    player = made
    if (ducked) made.duck()
    made.onProgress(heard => {
      if (closed || heard.heardMs <= 0) return
      const wanted = !silencedSegments.has(heard.segmentId)
      if (wanted) timeline.playedUpTo(heard.segmentId, heard.heardMs, nowMs())
      ports.onHeard(heard, wanted)
    })
    made.onSilent(() => { if (!closed && made.current === undefined) ports.onOver() })
    const waiting = early ?? []
    early = []
    earlySamples = 0
    for (const { segmentId, samples } of waiting) {
      if (silencedSegments.has(segmentId)) continue
      if (samples) made.play(segmentId, samples)
      else made.end(segmentId)
    }
  }

  async function openGate() {
    context.onstatechange = () => { if (!closed && context.state === 'running') ports.onWorks() }
    await within(context.resume(), RESUME_TIMEOUT_MS).catch(() => undefined)
    if (!closed && context.state !== 'running') ports.onFailed(troubleOfOutput('audio_blocked', 'The browser keeps the page silent until it is clicked.'))
  }

  function playEarly(segmentId: string, samples: Int16Array) {
    if (!early || earlySamples + samples.length > MAX_EARLY_SAMPLES) return
    earlySamples += samples.length
    early.push({ segmentId, samples })
    ports.onQueued()
  }

  return {
    async open() { await Promise.all([openGate(), openPlayer()]) },
    wake() { if (!closed && context.state !== 'running') void context.resume().catch(() => {}) },
    play(replyId, segmentId, pcm16Base64) {
      if (closed || silencedReplies.has(replyId) || silencedSegments.has(segmentId)) return
      const samples = decodePcm16(pcm16Base64)
      if (!samples || samples.length === 0) return
      timeline.assistantAudio(segmentId, samples)
      if (!player) return playEarly(segmentId, samples)
      player.play(segmentId, samples)
      ports.onQueued()
    },
    end(segmentId) {
      if (closed || silencedSegments.has(segmentId)) return
      if (player) player.end(segmentId)
      else early?.push({ segmentId })
    },
    async silence(replyIds) {
      for (const id of replyIds) silencedReplies.add(id)
      for (const { segmentId } of early ?? []) silencedSegments.add(segmentId)
      early &&= []
      earlySamples = 0
      const segmentId = player?.current
      if (!player || segmentId === undefined) return undefined
      silencedSegments.add(segmentId)
      const last = player.heard(segmentId)
      const stopped = await within(player.interrupt(), INTERRUPT_TIMEOUT_MS).catch(() => undefined)
      for (const dropped of stopped?.dropped ?? []) silencedSegments.add(dropped)
      const heard = stopped?.heard ?? last
      if (heard && !closed) timeline.cut(heard.segmentId, heard.heardMs, nowMs())
      return heard
    },
    duck() {
      ducked = true
      player?.duck()
    },
    unduck() {
      ducked = false
      player?.unduck()
    },
    sounding() { return player?.current === undefined ? undefined : player.heard(player.current) },
    close() {
      closed = true
      for (const stop of timers) stop()
      timers.clear()
      context.onstatechange = null
      player?.close()
      player = undefined
      early = undefined
    },
  }
}

/** The newest `max` of what was added. */
function createRecent(max: number) {
  const members = new Set<string>()
  return {
    has: (id: string) => members.has(id),
    add(id: string) {
      members.delete(id)
      members.add(id)
      for (const oldest of members) {
        if (members.size <= max) return
        members.delete(oldest)
      }
    },
  }
}
