import type { Capabilities, DialogueCommand, DialogueEvent, Segment } from '@kaiwa/protocol'
import type { RunningCall } from './call-phase.ts'
import type { CallInput } from './call-inputs.ts'
import type { Outbox } from './outbox.ts'
import type { SpeechInput } from './speech-input.ts'
import type { Transcript } from './transcript.ts'
import type { VoiceSettings } from './voice-settings.ts'

/** The user's turns of one call: what the server notices of them, and the floor, which the page may take. */
export interface LiveTurns {
  /** What the session can do; told again when it changed. */
  opened(capabilities: Capabilities): void
  userSpeech(event: Extract<DialogueEvent, { type: 'user_speech' }>): void
  /** The settings changed: what the user chose holds before the other side has agreed to it. */
  configured(): void
  takeFloor(): void
  giveFloor(ask: boolean): void
}

export interface LiveTurnsParts {
  input: Pick<SpeechInput, 'listen' | 'settle' | 'toCallMs'>
  transcript: Pick<Transcript, 'userSpoke'>
  outbox: Outbox
  settings: () => VoiceSettings
  nowMs: () => number
  command: (request: DialogueCommand) => void
  dispatch: (input: CallInput) => void
  /** The floor is held, or no longer. */
  onHeld: (held: boolean) => void
  changed: () => void
}

export function createLiveTurns({ input, transcript, outbox, settings, nowMs, command, dispatch, onHeld, changed }: LiveTurnsParts): LiveTurns {
  let speech: { segmentId: string | null, fromMs: number } | undefined
  let floorFromMs: number | undefined
  let leftToUs = false
  /** Only the user's finger ends a turn: what is said without it goes nowhere. */
  const byFinger = () => leftToUs || settings().turnTaking === 'push_to_talk'
  /** Of a server that listens by itself, which has to be told when it may again. */
  let borrowed = false
  let held = false
  const listen = () => input.listen(held || !byFinger())
  listen()

  return {
    opened({ turnTaking }) {
      leftToUs = turnTaking === 'manual'
      listen()
    },
    userSpeech({ on, atMs, segmentId }) {
      const callMs = Math.max(0, Math.min(nowMs(), input.toCallMs(atMs)))
      if (on) speech = { segmentId, fromMs: callMs }
      const fromMs = speech?.fromMs ?? callMs
      const id = segmentId ?? speech?.segmentId ?? null
      if (id !== null) transcript.userSpoke(id, on ? { fromMs } : { fromMs, toMs: callMs })
      if (!on) speech = undefined
      changed()
      dispatch({ type: 'user_speech', on, atMs: callMs, segmentId: id })
    },
    configured: listen,
    takeFloor() {
      floorFromMs = nowMs()
      held = true
      onHeld(true)
      outbox.run(() => {
        // What a slip of the finger left behind is no part of this turn.
        if (byFinger()) command({ type: 'discard_turn' })
        else {
          borrowed = true
          command({ type: 'change', turnTaking: 'manual' })
        }
        listen()
      })
    },
    giveFloor(ask) {
      const given = floorFromMs
      outbox.run(async () => {
        if (ask) {
          await input.settle()
          transcript.userSpoke(null, { fromMs: floorFromMs ?? nowMs(), toMs: nowMs() })
          command({ type: 'end_turn' })
        }
        // Taken again while the last of it was on its way: that is another turn's floor.
        if (floorFromMs === given) {
          held = false
          onHeld(false)
        }
        listen()
        if (borrowed) command({ type: 'change', turnTaking: 'server' })
        borrowed = false
      })
    },
  }
}

/** Who decides about speech over an answer. */
export const listensOf = ({ turnTaking, serverInterrupts }: Capabilities): RunningCall['listens'] =>
  turnTaking === 'manual' ? 'finger' : serverInterrupts ? 'server' : 'page'

export const wordsOf = ({ id, text, textState }: Segment): CallInput => ({ type: 'words', segmentId: id, text, final: textState === 'final' })
