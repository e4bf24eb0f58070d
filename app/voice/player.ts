import type { PlayoutReport } from '@kaiwa/audio'
import { assertNever } from './assert-never.ts'
import type { Heard } from './call.ts'
import type { Output } from './output.ts'
import { setTimerOfPage } from './page-timer.ts'
import { createPlaybackLedger } from './playback-ledger.ts'
import { openPlaybackSink, type PlaybackSink } from './playback-sink.ts'
import { createUnheardAudio } from './unheard-audio.ts'

const SAMPLES_PER_MS = 24
/** A silence begins with a fade of the voice. */
const FADED_MS = 4
/** The processor answers in a quantum or two; a suspended or stuck one never does. */
const CUT_TIMEOUT_MS = 250

type Cleared = Extract<PlayoutReport, { type: 'cleared' }>

export interface Interruption { heard: Heard, dropped: string[] }

/** Plays the assistant's segments; owner of what was heard. Needs no microphone. */
export interface Player {
  /** 24 kHz PCM16, in order. Samples of a segment that is over are ignored; a new segment ends the one before it. */
  play(segmentId: string, samples: Int16Array): void
  /** No more audio of this segment. */
  end(segmentId: string): void
  /**
   * Silence at once (4 ms fade). Resolves with what was really heard of the segment that sounded, and the ids of those that waited
   * behind it; undefined when silent. Never rejects: if the processor doesn't answer, with what it last reported.
   */
  interrupt(): Promise<Interruption | undefined>
  /** Somebody may be interrupting: quieter within a few ms, and soon waiting. Nothing is lost; ends with `unduck` or `interrupt`. */
  duck(): void
  unduck(): void
  /** Less the output's latency, and never above what was received; exact after an interruption, else up to 50 ms behind. */
  heard(segmentId: string): Heard | undefined
  /** The segment that sounds or waits to. */
  readonly current: string | undefined
  /** At the first sample, about every 50 ms while sounding, and at the end. Returns the way out. */
  onProgress(listener: (heard: Heard) => void): () => void
  /** The last sample of an ended segment was heard. Returns the way out. */
  onSilent(listener: (segmentId: string) => void): () => void
  /**
   * The device before is dead: goes on at the last sample that is known to have been heard (up to 50 ms and the latency may sound
   * twice; nothing is left out). Rejects when the worklet can't be loaded there.
   */
  moveTo(context: AudioContext, output: Output): Promise<void>
  /** Another way to the ear on the same context, without a gap. */
  route(output: Output): void
  readonly stats: PlayerStats
  close(): void
}

/** Since the player was made. */
export interface PlayerStats {
  /** Samples ran out although more were to come. */
  underruns: number
  /** Ms of audio that found no room. */
  refusedMs: number
  /** Times it went on on another context. */
  moves: number
}

export interface PlayerEnvironment {
  /** How another device is opened. @default openPlaybackSink */
  openSink?: (context: AudioContext, output: Output) => Promise<PlaybackSink>
  /** Address of the playback worklet. */
  workletUrl?: string
  /** Calls back once after `delayMs`; returns the way out. @default setTimeout */
  setTimer?: (callback: () => void, delayMs: number) => () => void
}

/** The player could not be made: no sound in this browser, or the worklet's file did not come. */
export class PlayerError extends Error {
  override name = 'PlayerError'
  readonly code = 'audio_failed'
}

/** @throws PlayerError (as a rejection) when the playback worklet can't be loaded within 10 s */
export async function createPlayer(context: AudioContext, output: Output, environment: PlayerEnvironment = {}): Promise<Player> {
  const openSink = environment.openSink ?? ((on: AudioContext, to: Output) => openPlaybackSink(on, to, environment.workletUrl))
  try {
    return createPlayerOn(await openSink(context, output), { ...environment, openSink })
  } catch (error) {
    throw new PlayerError('Sound could not be started in this browser. Reload the page and try again.', { cause: error })
  }
}

/** The player on a given sink. */
export function createPlayerOn(firstSink: PlaybackSink, environment: PlayerEnvironment = {}): Player {
  const { setTimer = setTimerOfPage, openSink = openPlaybackSink } = environment
  const ledger = createPlaybackLedger()
  const unheard = createUnheardAudio()
  const stats: PlayerStats = { underruns: 0, refusedMs: 0, moves: 0 }
  const progressListeners = new Set<(heard: Heard) => void>()
  const silentListeners = new Set<(segmentId: string) => void>()
  const cuts = new Map<number, { settle: (cleared?: Cleared) => void }>()
  const timers = new Set<() => void>()
  let sink = firstSink
  let ducked = false
  let lastRequestId = 0
  let closed = false
  const latencySamples = () => sink.latencyMs * SAMPLES_PER_MS
  const heard = (segmentId: string) => ledger.heard(segmentId, latencySamples())

  function after(delayMs: number, callback: () => void): () => void {
    const cancel = setTimer(() => {
      timers.delete(cancel)
      callback()
    }, delayMs)
    timers.add(cancel)
    return () => {
      timers.delete(cancel)
      cancel()
    }
  }

  function progress(segmentId: string, playedSamples: number): void {
    ledger.position(segmentId, playedSamples, latencySamples())
    unheard.heard(segmentId, ledger.heardSamples(segmentId))
    const now = heard(segmentId)
    if (now) for (const listener of progressListeners) listener(now)
  }

  function finish(segmentId: string): void {
    ledger.finish(segmentId, latencySamples())
    const playing = sink
    after(sink.latencyMs, () => {
      if (playing !== sink || !ledger.fallSilent(segmentId)) return
      unheard.forget(segmentId)
      announceSilence(segmentId)
    })
  }

  function announceSilence(segmentId: string): void {
    const whole = heard(segmentId)
    if (whole) for (const listener of progressListeners) listener(whole)
    for (const listener of silentListeners) listener(segmentId)
  }

  function receive(report: PlayoutReport): void {
    if (closed) return
    switch (report.type) {
      case 'position': return progress(report.segmentId, report.playedSamples)
      case 'underrun':
        stats.underruns++
        return progress(report.segmentId, report.playedSamples)
      case 'finished': return finish(report.segmentId)
      case 'refused':
        stats.refusedMs += report.samples / SAMPLES_PER_MS
        unheard.refuse(report.segmentId, report.samples)
        return ledger.refuse(report.segmentId, report.samples)
      case 'cleared':
        return cuts.get(report.requestId)?.settle(report)
      default: return assertNever(report)
    }
  }

  function interrupt(): Promise<Interruption | undefined> {
    const segmentIds = closed ? [] : ledger.startCut()
    if (segmentIds.length === 0) return Promise.resolve(undefined)
    const requestId = ++lastRequestId
    ducked = false
    return new Promise(resolve => {
      const settle = (cleared?: Cleared) => {
        if (!cuts.delete(requestId)) return
        stopWaiting()
        const onTheWay = unheardSamples(latencySamples(), cleared?.silentMs ?? 0)
        if (cleared?.segmentId !== undefined) ledger.position(cleared.segmentId, cleared.playedSamples, onTheWay)
        const { sounding, finished, dropped } = ledger.finishCut(segmentIds, onTheWay)
        segmentIds.forEach(unheard.forget)
        finished.forEach(announceSilence)
        resolve({ heard: heard(sounding)!, dropped })
      }
      const stopWaiting = after(CUT_TIMEOUT_MS, () => settle())
      cuts.set(requestId, { settle })
      sink.send({ type: 'clear', requestId })
    })
  }

  /** The device before can't answer any more: what it last said counts. */
  function settleCuts(): void {
    for (const { settle } of cuts.values()) settle()
  }

  async function moveTo(context: AudioContext, output: Output): Promise<void> {
    const opened = await openSink(context, output)
    if (closed) return opened.close()
    settleCuts()
    sink.close()
    sink = opened
    sink.onReport(receive)
    stats.moves++
    if (ducked) sink.send({ type: 'duck' })
    for (const { segmentId, heardSamples, ended } of ledger.restart()) {
      const rest = unheard.rest(segmentId, heardSamples)
      for (const samples of rest) sink.send({ type: 'play', segmentId, samples })
      if (ended) endOn(segmentId, rest.length)
    }
  }

  /** A processor knows nothing of a segment that it was given nothing of. */
  function endOn(segmentId: string, pieces: number): void {
    if (pieces > 0) sink.send({ type: 'end', segmentId })
    else finish(segmentId)
  }

  sink.onReport(receive)
  return {
    play(segmentId, samples) {
      if (closed || samples.length === 0 || !ledger.receive(segmentId, samples.length)) return
      unheard.keep(segmentId, samples)
      sink.send({ type: 'play', segmentId, samples })
    },
    end(segmentId) {
      if (!closed && ledger.end(segmentId)) sink.send({ type: 'end', segmentId })
    },
    interrupt,
    duck() {
      ducked = true
      if (!closed) sink.send({ type: 'duck' })
    },
    unduck() {
      ducked = false
      if (!closed) sink.send({ type: 'unduck' })
    },
    heard,
    get current() { return ledger.current },
    get stats() { return { ...stats } },
    moveTo,
    route(output) { if (!closed) sink.route(output) },
    onProgress(listener) {
      progressListeners.add(listener)
      return () => progressListeners.delete(listener)
    },
    onSilent(listener) {
      silentListeners.add(listener)
      return () => silentListeners.delete(listener)
    },
    close() {
      if (closed) return
      closed = true
      settleCuts()
      for (const cancel of timers) cancel()
      timers.clear()
      unheard.clear()
      sink.close()
    },
  }
}

/** What left before a silence was on its way to the ear all through it; of its fading end nothing counts. */
function unheardSamples(latencySamples: number, silentMs: number): number {
  const left = latencySamples - silentMs * SAMPLES_PER_MS
  return silentMs > 0 ? Math.max(FADED_MS * SAMPLES_PER_MS, left) : left
}
