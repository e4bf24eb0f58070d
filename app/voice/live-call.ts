import type { DialogueCommand, DialogueEvent } from '@kaiwa/protocol'
import { openAudioHost } from './audio-host.ts'
import type { AudioClock, AudioHost } from './audio-host.ts'
import type { CallSnapshot, Heard, Trouble } from './call.ts'
import type { CallInput } from './call-inputs.ts'
import { assertNever } from './assert-never.ts'
import { openDialogueLine } from './dialogue-line.ts'
import type { DialogueLine } from './dialogue-line.ts'
import { createHalfDuplex } from './half-duplex.ts'
import type { HouseEvent } from './house-events.ts'
import { applySettings, noiseWish } from './live-settings.ts'
import { createLiveTurns, listensOf, wordsOf } from './live-turns.ts'
import { createOutbox } from './outbox.ts'
import { playbackFacts } from './playback-facts.ts'
import { createSpeechInput } from './speech-input.ts'
import { createSpeechOutput } from './speech-output.ts'
import type { SpeechOutput } from './speech-output.ts'
import type { Transcript } from './transcript.ts'
import { troubleOfFault, troubleOfOutput } from './trouble.ts'
import type { PlaybackPath, VoiceSettings } from './voice-settings.ts'
import type { VoiceSessionParts } from './voice-session-parts.ts'
import type { TimelineModel } from './timeline.ts'
import type { WireRecords } from './wire-records.ts'

/** What one call holds open: context, microphone, line, player. Owns and closes them all; once released it is deaf and mute. */

/** What the other side tells of itself and of what is used up. */
export type CallFacts = Pick<CallSnapshot, 'line' | 'meter' | 'usage' | 'warning' | 'listensWith' | 'mutedHint' | 'playback'>

export interface LiveCallContext {
  parts: VoiceSessionParts
  transcript: Transcript
  timeline: TimelineModel
  records: WireRecords
  nowMs: () => number
  /** As they are now. */
  settings: () => VoiceSettings
  dispatch: (input: CallInput) => void
  /** Something to show changed that is no step of the machine: text, progress, what is known of the line. */
  changed: (facts?: CallFacts) => void
}

export interface LiveCall {
  readonly audioClock: AudioClock | undefined
  openOutput(): void
  openLine(): void
  openMicrophone(): void
  startSending(): void
  sendSilence(): void
  setMuted(muted: boolean): void
  silence(by: 'barge_in' | 'user', replyIds: readonly string[]): void
  duck(): void
  unduck(): void
  /** A word to the server in its turn. */
  ask(request: DialogueCommand): void
  takeFloor(): void
  giveFloor(ask: boolean): void
  say(text: string): void
  configure(now: VoiceSettings, before: VoiceSettings): void
  /** Lets a silent page sound, when called from a click. */
  wake(): void
  /** The line is gone: no microphone any more, and what came of the last answer is heard to its end. */
  farewell(): void
  release(by: 'user' | 'server'): void
}

export function createLiveCall({ parts, transcript, timeline, records, nowMs, settings, dispatch: toMachine, changed }: LiveCallContext): LiveCall {
  const outbox = createOutbox()
  const timers = new Set<() => void>()
  let released = false
  let host: AudioHost | undefined
  let capturing = false
  let output: SpeechOutput | undefined
  let line: DialogueLine | undefined
  let lastVoiced: string | undefined

  const dispatch = (input: CallInput) => { if (!released) toMachine(input) }
  const setTimer = (callback: () => void, delayMs: number) => {
    const stop = parts.setTimer(() => {
      timers.delete(stop)
      callback()
    }, delayMs)
    timers.add(stop)
    return () => {
      timers.delete(stop)
      stop()
    }
  }
  const soundFailed = (trouble: Trouble) => dispatch({ type: 'output_failed', trouble })
  const command = (request: DialogueCommand) => { if (!released) line?.command(request) }

  const { openMicrophone, watchDevices } = parts
  const gate = createHalfDuplex(settings)
  const encoder = parts.createEncoder()
  const isSounding = () => output?.sounding() !== undefined
  const input = createSpeechInput({ isSounding, openMicrophone, watchDevices, wanted: settings, gate: gate.filter, encoder, timeline, nowMs, setTimer }, {
    onOpened: () => dispatch({ type: 'microphone_opened' }),
    onFailed: trouble => dispatch({ type: 'microphone_failed', trouble }),
    onDevice: listensWith => { if (!released) changed({ listensWith }) },
    onMutedHint: mutedHint => { if (!released) changed({ mutedHint }) },
    onVoice: ms => dispatch({ type: 'voice', ms }),
    send: pcm16Base64 => command({ type: 'audio', pcm16Base64 }),
    unsentBytes: () => line?.unsentBytes ?? 0,
  })

  async function openOutput(context: AudioContext, path: PlaybackPath) {
    const output = await parts.openOutput(context, path)
    if (parts.openPlayedLevel) gate.listenTo(parts.openPlayedLevel(context, output))
    return output
  }

  const turns = createLiveTurns({ input, transcript, outbox, settings, nowMs, command, dispatch, changed: () => changed(), onHeld: gate.setHeld })

  function onHeard(heard: Heard, wanted: boolean) {
    transcript.heard(heard, nowMs())
    const playback = playbackFacts(output?.stats, host?.context)
    changed(playback && { playback })
    if (wanted) dispatch({ type: 'sound_heard', atMs: nowMs() - heard.heardMs })
  }

  function onEvent(event: DialogueEvent) {
    if (released) return
    if (transcript.apply(event, nowMs())) changed()
    switch (event.type) {
      case 'opened': {
        const { model, voice, capabilities } = event
        changed({ line: { model, voice, capabilities } })
        turns.opened(capabilities)
        return dispatch({ type: 'line_opened', listens: listensOf(capabilities) })
      }
      case 'user_speech': return turns.userSpeech(event)
      case 'reply_started': return dispatch({ type: 'reply_started', replyId: event.replyId })
      case 'reply_ended':
        if (event.end.how === 'failed') dispatch({ type: 'fault', trouble: troubleOfFault(event.end.fault), fatal: event.end.fault.fatal })
        return dispatch({ type: 'reply_ended', replyId: event.replyId })
      case 'voice':
        lastVoiced = event.segmentId
        return output?.play(event.replyId, event.segmentId, event.pcm16Base64)
      case 'voice_ended': return output?.end(event.segmentId)
      case 'fault': return dispatch({ type: 'fault', trouble: troubleOfFault(event.fault), fatal: event.fault.fatal })
      // The page's own end of a turn came to nothing.
      case 'notice': return event.code === 'turn_too_short' || event.code === 'input_audio_buffer_commit_empty' ? dispatch({ type: 'no_answer' }) : undefined
      case 'meter': return changed({ meter: event.readings })
      case 'answer_due': return dispatch(event)
      case 'segment': return event.segment.speaker === 'user' && event.segment.medium === 'voice' ? dispatch(wordsOf(event.segment)) : undefined
      case 'segment_removed': case 'interrupted': case 'tool_call': case 'voice_began': case 'voice_over': return
      default: return assertNever(event)
    }
  }

  function onHouseEvent(event: HouseEvent) {
    if (released) return
    switch (event.type) {
      case 'usage': return changed({ usage: event.usage })
      case 'warning': return changed({ warning: event.warning })
      case 'limit_reached': return dispatch(event)
      default: return assertNever(event)
    }
  }

  return {
    get audioClock() { return host?.clock },
    openOutput() {
      const sound = createSpeechOutput({ openOutput, createPlayer: parts.createPlayer, settings, timeline, nowMs, setTimer }, {
        onQueued: () => dispatch({ type: 'sound_queued' }),
        onHeard,
        onOver: () => dispatch({ type: 'sound_over' }),
        onFailed: soundFailed,
      })
      try {
        host = openAudioHost({ createContext: parts.createAudioContext, page: parts.page, pageMs: parts.pageMs, setTimer, holds: parts.holds }, {
          onRebuilt(context) {
            if (capturing) input.open(context)
            return sound.open(context)
          },
          onTrouble: soundFailed,
          onWorks: () => dispatch({ type: 'output_works' }),
        })
      } catch (error) {
        return soundFailed(troubleOfOutput('audio_failed', error))
      }
      output = sound
      void output.open(host.context)
    },
    openLine() {
      line = openDialogueLine({ openTransport: parts.openTransport, records, nowMs, setTimer }, {
        onEvent, onHouseEvent,
        onClosed: trouble => dispatch({ type: 'line_closed', trouble }),
      })
      command(noiseWish(settings()))
    },
    openMicrophone() {
      capturing = true
      if (host) input.open(host.context)
      else dispatch({ type: 'microphone_failed', trouble: { code: 'mic_failed', detail: 'This browser has no audio for the page.' } })
    },
    startSending() { outbox.run(() => input.startSending()) },
    sendSilence() { outbox.run(() => input.sendSilence()) },
    setMuted(muted) { input.setMuted(muted) },
    silence(by, replyIds) {
      // The player falls silent now; only the word to the server waits its turn, because it says what was heard.
      const stopping = output?.silence(replyIds) ?? Promise.resolve(undefined)
      outbox.run(async () => {
        const heard = await stopping
        if (released) return
        if (heard) transcript.heard(heard, nowMs())
        command({ type: 'stop_speaking', by, ...(heard ? { heard: { segmentId: heard.segmentId, heardMs: heard.heardMs, receivedMs: heard.receivedMs } } : {}) })
        changed()
      })
    },
    takeFloor: turns.takeFloor,
    giveFloor: turns.giveFloor,
    say(text) { outbox.run(() => command({ type: 'say', text, segmentId: parts.newSegmentId() })) },
    duck() { output?.duck() },
    unduck() { output?.unduck() },
    ask(request) { outbox.run(() => command(request)) },
    configure(now, before) { if (!released) applySettings({ input, output, turns, command }, now, before) },
    wake() { host?.gesture() },
    farewell() {
      outbox.clear()
      capturing = false
      input.close()
      line?.close()
      // No more of it will come, so that its end can be heard.
      if (lastVoiced !== undefined) output?.end(lastVoiced)
    },
    release(by) {
      if (released) return
      const last = output?.sounding()
      if (last) transcript.heard(last, nowMs())
      transcript.close(by)
      if (last && !(last.complete && last.heardMs >= last.receivedMs)) timeline.cut(last.segmentId, last.heardMs, nowMs())
      released = true
      outbox.clear()
      for (const stop of timers) stop()
      timers.clear()
      input.close()
      line?.close()
      output?.close()
      host?.close()
    },
  }
}
