import type { CallSnapshot, VoiceSession } from './call.ts'
import { allowedActions } from './call-actions.ts'
import { assertNever } from './assert-never.ts'
import { createCallClock } from './call-clock.ts'
import type { CallEffect, CallInput } from './call-inputs.ts'
import { step } from './call-machine.ts'
import { deadlineMs, initialCall } from './call-phase.ts'
import type { CallMachine } from './call-phase.ts'
import { createLiveCall } from './live-call.ts'
import type { CallFacts, LiveCall } from './live-call-parts.ts'
import { createTranscript } from './transcript.ts'
import type { VoiceSessionParts } from './voice-session-parts.ts'
import { voiceSettingsDefaults, withChange } from './voice-settings.ts'
import type { VoiceSettings } from './voice-settings.ts'
import { createWireRecords } from './wire-records.ts'

/** Wiring only: what happens goes to the machine as an input, what it decides goes to the live call as an effect. */
export function createVoiceSession(parts: VoiceSessionParts): VoiceSession {
  const transcript = createTranscript()
  const timeline = parts.createTimeline()
  const records = createWireRecords(parts.onNextFrame)
  const clock = createCallClock({ pageMs: parts.pageMs, audioClock: () => call?.audioClock })
  const listeners = new Set<(snapshot: CallSnapshot) => void>()
  let settings: VoiceSettings = voiceSettingsDefaults
  let machine: CallMachine = initialCall
  let call: LiveCall | undefined
  let facts: CallFacts = {}
  let startedAt: number | undefined
  let stopTimer = () => {}
  let closed = false
  let snapshot = takeSnapshot()
  let frameAsked = false
  const inputs: CallInput[] = []
  let working = false

  function takeSnapshot(): CallSnapshot {
    const { phase, state, muted } = machine
    const troubles = phase.name === 'running' ? phase.troubles : {}
    const trouble = troubles.answer ?? troubles.microphone ?? troubles.output
    return {
      state, muted,
      microphone: phase.name === 'running' || phase.name === 'error' ? phase.microphone : 'off',
      allowed: allowedActions(machine),
      turns: transcript.turns as CallSnapshot['turns'],
      ...facts, ...(trouble ? { trouble } : {}), ...(startedAt === undefined ? {} : { startedAt }),
    }
  }
  function publish() {
    snapshot = takeSnapshot()
    for (const listener of listeners) listener(snapshot)
  }
  /** Growing text and progress: at most once per frame. */
  function publishSoon() {
    if (frameAsked || closed) return
    frameAsked = true
    parts.onNextFrame(() => {
      frameAsked = false
      if (!closed) publish()
    })
  }

  /** One input at a time: what an effect causes at once waits until the step it belongs to is done. */
  function dispatch(input: CallInput) {
    if (closed) return
    inputs.push(input)
    if (working) return
    working = true
    const before = machine
    for (let next = inputs.shift(); next; next = inputs.shift()) handle(next)
    working = false
    if (machine !== before) publish()
  }
  function handle(input: CallInput) {
    const before = machine.state
    const result = step(machine, input, { atMs: clock.nowMs(), get turns() { return transcript.count } })
    // The page's ear tells something 25 times a second, which rarely matters.
    if (result.machine === machine && input.type === 'voice') return
    machine = result.machine
    for (const effect of result.effects) perform(effect)
    if (machine.state !== before) noteWait(before.name, input)
    setDeadline()
  }
  /** The wait for an answer, as the timeline draws it. */
  function noteWait(before: string, input: CallInput) {
    const { state } = machine
    if (before === 'thinking') timeline.waitTo(input.type === 'sound_heard' ? input.atMs : clock.nowMs())
    if (state.name === 'thinking') timeline.waitFrom(state.sinceMs)
  }
  function setDeadline() {
    stopTimer()
    const dueMs = deadlineMs(machine)
    stopTimer = dueMs === undefined ? () => {} : parts.setTimer(() => dispatch({ type: 'time' }), Math.max(1, Math.ceil(dueMs - clock.nowMs())))
  }

  function begin(keepTurns: boolean) {
    clock.start()
    transcript.begin(keepTurns)
    timeline.clear()
    if (!keepTurns) records.clear()
    facts = {}
    startedAt = parts.epochMs()
    const changed = (more?: CallFacts) => {
      facts = { ...facts, ...more }
      publishSoon()
    }
    call = createLiveCall({ parts, transcript, timeline, records, nowMs: clock.nowMs, settings: () => settings, dispatch, changed })
  }
  function release(by: 'user' | 'server') {
    call?.release(by)
    if (facts.mutedHint) facts = { ...facts, mutedHint: false }
    clock.stop()
  }

  function perform(effect: CallEffect): void {
    switch (effect.type) {
      case 'begin': return begin(effect.keepTurns)
      case 'open_output': return call?.openOutput()
      case 'open_line': return call?.openLine()
      case 'open_microphone': return call?.openMicrophone()
      case 'move_line': return call?.moveLine(effect.silentMs)
      case 'start_sending': return call?.startSending()
      case 'send_silence': return call?.sendSilence()
      case 'set_muted': return call?.setMuted(effect.muted)
      case 'silence': return call?.silence(effect.by, effect.replyIds)
      case 'duck': return call?.duck()
      case 'unduck': return call?.unduck()
      case 'answer': case 'discard_turn': return call?.ask(effect)
      case 'wish_turns': return call?.ask({ type: 'change', turns: effect.turns })
      case 'take_floor': return call?.takeFloor()
      case 'give_floor': return call?.giveFloor(effect.ask)
      case 'say': return call?.say(effect.text)
      case 'farewell': return call?.farewell()
      case 'release': return release(effect.by)
      default: return assertNever(effect)
    }
  }

  /** From a click or a key: the moment in which a browser lets a page begin to sound. */
  function act(input: CallInput) {
    call?.wake()
    dispatch(input)
  }
  const isSettled = ({ state }: CallSnapshot) => state.name !== 'permission' && state.name !== 'connecting'
  function settled(): Promise<void> {
    return new Promise(resolve => {
      const watch = (now: CallSnapshot) => {
        if (!isSettled(now) && !closed) return
        listeners.delete(watch)
        resolve()
      }
      listeners.add(watch)
      watch(snapshot)
    })
  }

  return {
    get snapshot() { return snapshot },
    subscribe(listener) {
      listeners.add(listener)
      return () => { listeners.delete(listener) }
    },
    restore(turns) {
      if (machine.state.name !== 'idle') return
      transcript.restore(turns)
      publish()
    },
    start() {
      // After an error it is the same call again: with the microphone if that one had one, and with what was typed and not sent.
      act({ type: machine.state.name === 'error' ? 'retry' : 'start' })
      return settled()
    },
    end: () => act({ type: 'end' }),
    setMuted: muted => act({ type: 'mute', muted }),
    interrupt: () => act({ type: 'interrupt' }),
    hold: down => act({ type: 'hold', down }),
    say(text) { if (text.trim()) act({ type: 'say', text: text.trim() }) },
    get settings() { return settings },
    configure(change) {
      const before = settings
      settings = withChange(settings, change)
      dispatch({ type: 'configured', habits: settings })
      call?.configure(settings, before)
    },
    nowMs: clock.nowMs,
    timeline: (fromMs, toMs) => timeline.window(fromMs, toMs, clock.nowMs()),
    records: records.view,
    close() {
      if (closed) return
      release('user')
      closed = true
      stopTimer()
      // Whoever waits for the start hears that nothing comes any more.
      for (const listener of listeners) listener(snapshot)
      listeners.clear()
    },
  }
}
