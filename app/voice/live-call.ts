import type { DialogueCommand, DialogueEvent } from '@kaiwa/protocol'
import type { AudioHost } from './audio-host.ts'
import type { AnswerLatency, Heard, Trouble } from './call.ts'
import type { CallInput } from './call-inputs.ts'
import { assertNever } from './assert-never.ts'
import { openDialogueLine } from './dialogue-line.ts'
import type { DialogueLine } from './dialogue-line.ts'
import { createHalfDuplex } from './half-duplex.ts'
import { createHeardReport } from './heard-report.ts'
import type { HouseEvent } from './house-events.ts'
import type { LiveCall, LiveCallContext } from './live-call-parts.ts'
import { createLiveMedia } from './live-media.ts'
import { applySettings, noiseWish } from './live-settings.ts'
import { noSound, openLiveSound } from './live-sound.ts'
import { createLiveTurns, listensOf, wordsOf } from './live-turns.ts'
import { createOutbox } from './outbox.ts'
import { playbackFacts } from './playback-facts.ts'
import { saidSoFar } from './recall.ts'
import { createSpeechInput } from './speech-input.ts'
import type { SpeechOutput } from './speech-output.ts'
import { troubleOfFault } from './trouble.ts'

/** What one call holds open: context, microphone, line, player. Owns and closes them all; once released it is deaf and mute. */

/** Full ⇒ the oldest are forgotten. */
const MAX_LATENCIES = 200

export function createLiveCall({ parts, transcript, timeline, records, nowMs, settings, dispatch: toMachine, changed }: LiveCallContext): LiveCall {
  const outbox = createOutbox()
  const timers = new Set<() => void>()
  let released = false
  let host: AudioHost | undefined
  let capturing = false
  let output: SpeechOutput | undefined
  let line: DialogueLine | undefined
  let lastVoiced: string | undefined
  let latencies: readonly AnswerLatency[] = []
  /** The next session is told what was said in the one before. */
  let moved = false

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
  const sound = {
    onQueued: () => dispatch({ type: 'sound_queued' }),
    onHeard,
    onOver: () => dispatch({ type: 'sound_over' }),
    onFailed: (trouble: Trouble) => dispatch({ type: 'output_failed', trouble }),
    onWorks: () => dispatch({ type: 'output_works' }),
  }
  const media = createLiveMedia({
    parts, settings, timeline, nowMs, setTimer, host: () => host, line: () => line, changed: facts => { if (!released) changed(facts) },
  }, sound)
  const command = (request: DialogueCommand) => { if (!released) line?.command(request) }

  const { openMicrophone, watchDevices } = parts
  const gate = createHalfDuplex(settings)
  const encoder = parts.createEncoder()
  const asTrack = () => line?.media !== undefined
  const isSounding = () => output?.sounding() !== undefined
  const input = createSpeechInput({
    isSounding, openMicrophone, watchDevices, wanted: settings, gate: gate.filter, asTrack, encoder, timeline, nowMs, setTimer,
  }, {
    onOpened: () => dispatch({ type: 'microphone_opened' }),
    onFailed: trouble => dispatch({ type: 'microphone_failed', trouble }),
    onDevice: listensWith => { if (!released) changed({ listensWith }) },
    onMutedHint: mutedHint => { if (!released) changed({ mutedHint }) },
    onVoice: ms => dispatch({ type: 'voice', ms }),
    send: pcm16Base64 => command({ type: 'audio', pcm16Base64 }),
    onTrack: track => line?.media?.setMicrophone(track),
    unsentBytes: () => line?.unsentBytes ?? 0,
  })

  const turns = createLiveTurns({ input, transcript, outbox, settings, nowMs, command, dispatch, changed: () => changed(), onHeld: gate.setHeld })

  const reportHeard = createHeardReport(ack => line?.report(ack))

  function onHeard(heard: Heard, wanted: boolean) {
    if (wanted) reportHeard(heard)
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
        if (moved) command({ type: 'recall', said: saidSoFar(transcript.turns) })
        moved = false
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
      case 'voice_began': case 'voice_over': return media.voice(event)
      case 'voice_ended': return output?.end(event.segmentId)
      case 'fault': return dispatch({ type: 'fault', trouble: troubleOfFault(event.fault), fatal: event.fault.fatal })
      // The page's own end of a turn came to nothing.
      case 'notice': return event.code === 'turn_too_short' || event.code === 'input_audio_buffer_commit_empty' ? dispatch({ type: 'no_answer' }) : undefined
      case 'meter': return changed({ meter: event.readings })
      case 'answer_due': return dispatch(event)
      case 'segment': return event.segment.speaker === 'user' && event.segment.medium === 'voice' ? dispatch(wordsOf(event.segment)) : undefined
      case 'segment_removed': case 'interrupted': case 'tool_call': return
      default: return assertNever(event)
    }
  }

  function onMoving(silentMs: number) {
    moved = true
    changed({ network: undefined })
    dispatch({ type: 'line_moving', silentMs })
  }

  function onHouseEvent(event: HouseEvent) {
    if (released) return
    switch (event.type) {
      case 'usage': return changed({ usage: event.usage })
      case 'warning': return changed({ warning: event.warning })
      case 'latency':
        latencies = [...latencies, event.latency].slice(-MAX_LATENCIES)
        return changed({ latencies })
      case 'limit_reached': return dispatch(event)
      default: return assertNever(event)
    }
  }

  return {
    get audioClock() { return host?.clock },
    openOutput() {
      try {
        ({ output, host } = openLiveSound({ parts, settings, media, timeline, nowMs, setTimer, listenTo: gate.listenTo }, {
          ...sound, onRebuilt: context => { if (capturing) input.open(context) },
        }))
      } catch (error) {
        return sound.onFailed(noSound(error))
      }
      void output.open(host.context)
    },
    openLine() {
      line = openDialogueLine({ openTransport: () => parts.openTransport(settings().transport), records, nowMs, setTimer }, {
        onEvent, onHouseEvent, onMoving,
        heard: () => output?.sounding(),
        onOpen(route) {
          changed(route && { route })
          media.attach()
        },
        onClosed: trouble => dispatch({ type: 'line_closed', trouble }),
      })
      command(noiseWish(settings()))
    },
    openMicrophone() {
      capturing = true
      if (host) input.open(host.context)
      else dispatch({ type: 'microphone_failed', trouble: { code: 'mic_failed', detail: 'This browser has no audio for the page.' } })
    },
    moveLine(silentMs) {
      void output?.silence([])
      outbox.clear()
      input.holdBack(silentMs)
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
    wake() {
      host?.gesture()
      media.gesture()
    },
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
