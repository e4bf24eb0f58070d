import { bytesOfBase64, type Base64Place } from './audio-message.ts'
import type { WireText } from '../relay/link.ts'
import type { JournalEntry } from '../store/journal-entry.ts'
import type { AudioFile, AudioKeeper } from './audio-keeper.ts'
import type { InputClock } from './input-clock.ts'
import { msOfBytes, unknownSession, type SessionFacts, type VoiceFormat } from './voice-format.ts'

export type Stretch = Omit<Extract<JournalEntry, { type: 'audio' }>, 'type' | 'callId' | 'conversationId' | 'seq' | 'atMs'>

/** Keeps both voices of one call as files. What is done for each message is a copy of its base64. */
export interface CallRecorder {
  session(facts: SessionFacts): void
  /** Of the talker. */
  said(text: WireText, place: Base64Place): void
  /** Of an answer, which is heard from then on. */
  answered(itemId: string, text: WireText, place: Base64Place, fromMs: number): void
  /** Nothing more will come; what is there becomes files and is told. */
  end(): void
  /** Nothing is kept of it. */
  discard(): void
}

export interface CallRecorderOptions {
  keeper: Pick<AudioKeeper, 'begin' | 'settle' | 'forgetCall'>
  conversationId: string
  callId: string
  input: Pick<InputClock, 'at' | 'audioMs' | 'stretches'>
  onStretch(stretch: Stretch): void
  /** Once: the disk takes no more, or not fast enough. */
  onStopped(why: string): void
}

/** A crash loses what isn't a whole file yet. */
const MAX_STRETCH_MS = 30_000

interface OpenStretch { file: AudioFile, key: string, itemId: string | null, format: VoiceFormat, bytes: number, fromMs(): number }

export function createCallRecorder({ keeper, conversationId, callId, input, onStretch, onStopped }: CallRecorderOptions): CallRecorder {
  let session = unknownSession
  let user: OpenStretch | undefined
  let assistant: OpenStretch | undefined
  let count = 0
  /** Of the talker's audio, up to now. */
  let stretches = 0
  let state: 'recording' | 'stopped' | 'discarded' = 'recording'
  /** Files that are being finished. */
  let finishing: Promise<unknown> = Promise.resolve()

  function begin(speaker: 'user' | 'assistant', itemId: string | null, format: VoiceFormat, fromMs: () => number): OpenStretch {
    const key = `${conversationId}/${callId}/${speaker}-${String(++count).padStart(5, '0')}.${format.ending}`
    return { file: keeper.begin(key, failed), key, itemId, format, bytes: 0, fromMs }
  }

  function failed(why: string) {
    if (state !== 'recording') return
    stop()
    onStopped(why)
  }

  function stop() {
    if (state !== 'recording') return
    state = 'stopped'
    finish('user', user)
    finish('assistant', assistant)
    user = assistant = undefined
  }

  function finish(speaker: 'user' | 'assistant', stretch: OpenStretch | undefined) {
    if (!stretch) return
    const { file, key, itemId, format, fromMs } = stretch
    const beganMs = fromMs()
    finishing = Promise.all([finishing, file.end().then(bytes => {
      if (bytes === 0 || state === 'discarded') return
      onStretch({ itemId, speaker, key, sampleRate: format.sampleRate, span: { fromMs: beganMs, toMs: beganMs + msOfBytes(bytes, format) }, bytes })
    })])
  }

  /** With audio that the clock has counted already. */
  function beginUser(lengthMs: number) {
    finish('user', user)
    const atAudioMs = input.audioMs - lengthMs
    user = begin('user', null, session.input, () => input.at(atAudioMs) ?? 0)
  }

  function add(stretch: OpenStretch, text: WireText, place: Base64Place) {
    stretch.bytes += bytesOfBase64(text, place)
    stretch.file.add(text, place)
  }

  return {
    session(facts) { session = facts },
    said(text, place) {
      if (state !== 'recording') return
      const begins = input.stretches !== stretches
      stretches = input.stretches
      if (!user || begins || user.format.ending !== session.input.ending || msOfBytes(user.bytes, user.format) >= MAX_STRETCH_MS) {
        beginUser(msOfBytes(bytesOfBase64(text, place), session.input))
      }
      add(user!, text, place)
    },
    answered(itemId, text, place, fromMs) {
      if (state !== 'recording') return
      if (assistant?.itemId !== itemId) {
        finish('assistant', assistant)
        assistant = begin('assistant', itemId, session.output, () => fromMs)
      }
      add(assistant!, text, place)
    },
    end() {
      stop()
      void finishing.then(() => { if (state !== 'discarded') keeper.settle(conversationId, callId) })
    },
    discard() {
      stop()
      state = 'discarded'
      void finishing.then(() => keeper.forgetCall(conversationId, callId))
    },
  }
}
