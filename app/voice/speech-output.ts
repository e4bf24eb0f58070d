import { decodePcm16 } from '@kaiwa/audio'
import type { Heard, Trouble } from './call.ts'
import type { Output } from './output.ts'
import type { Player, PlayerStats } from './player.ts'
import { createRecent } from './recent.ts'
import type { TimelineModel } from './timeline.ts'
import { troubleOfOutput } from './trouble.ts'
import type { PlaybackPath, VoiceSettings } from './voice-settings.ts'

/** The assistant's voice of one call: line → player. Needs no microphone. Drops what comes of a reply after it was silenced. */

/** Loading the worklet; a second on a slow phone. */
const PLAYER_TIMEOUT_MS = 8000
/** The worklet answers in a quantum or two; a stuck one must not hold up what the user wants to say. */
const INTERRUPT_TIMEOUT_MS = 500
/** 60 s of voice that came before the player was there. Full ⇒ the rest of it is not heard. */
const MAX_EARLY_SAMPLES = 60 * 24_000
/** A late word of a reply comes within seconds. Full ⇒ the oldest is forgotten. */
const MAX_SILENCED = 128

/** What is set about hearing. */
export type SoundSettings = Pick<VoiceSettings, 'volume' | 'speakerId' | 'playbackPath'>

export interface SpeechOutputParts {
  openOutput: (context: AudioContext, path: PlaybackPath) => Promise<Output>
  createPlayer: (context: AudioContext, output: Output) => Promise<Player>
  /** As they are now. */
  settings: () => SoundSettings
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
}
export interface SpeechOutput {
  /**
   * Sounds on this context, from the beginning or, when the one before is dead, from where that was last heard. Never rejects.
   * @returns whether there is a way out for sound
   */
  open(context: AudioContext): Promise<boolean>
  /** A setting changed; takes effect at once. */
  use(change: Partial<SoundSettings>): void
  readonly stats: PlayerStats | undefined
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

export function createSpeechOutput(parts: SpeechOutputParts, ports: SpeechOutputPorts): SpeechOutput {
  const { timeline, nowMs } = parts
  const silencedReplies = createRecent(MAX_SILENCED)
  const silencedSegments = createRecent(MAX_SILENCED)
  const timers = new Set<() => void>()
  let early: ({ segmentId: string, samples: Int16Array } | { segmentId: string, samples?: undefined })[] | undefined = []
  let earlySamples = 0
  let current: AudioContext | undefined
  let way: Output | undefined
  /** The newest wins: a context may die while the worklet of the one before still loads. */
  let openings = 0
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

  async function openWay(context: AudioContext): Promise<Output> {
    const { playbackPath, volume, speakerId } = parts.settings()
    const opened = await parts.openOutput(context, playbackPath)
    opened.setVolume(volume)
    if (speakerId !== undefined) void opened.setDevice(speakerId)
    return opened
  }

  async function connect(context: AudioContext) {
    const opened = await openWay(context)
    try {
      if (player) await player.moveTo(context, opened)
      return { opened, made: player ?? await parts.createPlayer(context, opened) }
    } catch (error) {
      opened.close()
      throw error
    }
  }

  async function open(context: AudioContext): Promise<boolean> {
    const mine = ++openings
    current = context
    if (!player) early ??= []
    const connecting = connect(context)
    // Whoever comes after we have given up, or after the call, is closed.
    void connecting.then(({ opened, made }) => {
      if (!closed && mine === openings) return
      opened.close()
      if (made !== player) made.close()
    }, () => {})
    try {
      const connected = await within(connecting, PLAYER_TIMEOUT_MS)
      if (closed || mine !== openings) return false
      if (!connected) throw new Error(`The audio player was not ready within ${PLAYER_TIMEOUT_MS / 1000} s`)
      way?.close()
      way = connected.opened
      if (connected.made !== player) attach(connected.made)
      return true
    } catch (error) {
      if (closed || mine !== openings) return false
      openings++
      if (!player) early = undefined
      ports.onFailed(troubleOfOutput('audio_failed', error))
      return false
    }
  }

  /** The player stays as it is; only where it leads to is new. */
  async function reroute(context: AudioContext) {
    if (!player) return void await open(context)
    const mine = ++openings
    const opened = await openWay(context)
    if (closed || mine !== openings) return opened.close()
    player.route(opened)
    way?.close()
    way = opened
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

  function playEarly(segmentId: string, samples: Int16Array) {
    if (!early || earlySamples + samples.length > MAX_EARLY_SAMPLES) return
    earlySamples += samples.length
    early.push({ segmentId, samples })
    ports.onQueued()
  }

  return {
    open,
    use({ volume, playbackPath, ...change }) {
      if (playbackPath !== undefined && current) return void reroute(current).catch((error: unknown) => ports.onFailed(troubleOfOutput('audio_failed', error)))
      if (volume !== undefined) way?.setVolume(volume)
      if ('speakerId' in change) void way?.setDevice(change.speakerId)
    },
    get stats() { return player?.stats },
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
      player?.close()
      player = undefined
      way?.close()
      way = undefined
      early = undefined
    },
  }
}
