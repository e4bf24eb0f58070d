import type { RealtimeSession, ServerError, ServerEventDraft } from '@kaiwa/protocol'
import { wireError } from '@kaiwa/protocol/errors'
import type { Conversation } from './conversation.ts'
import { silenceNeededMs } from './endpointing.ts'
import type { Clock } from './engine.ts'
import { createInputBuffer, MAX_APPEND_BYTES, MAX_INPUT_SAMPLES, msToPosition, positionToMs, SAMPLES_PER_MS } from './input-buffer.ts'
import { createListening } from './listening.ts'
import type { StageError, Stages } from './stages.ts'
import { turnDetectorDefaults } from './turn-detector.ts'
import type { TurnDetectorOptions, TurnEffect } from './turn-detector.ts'
import { createUserTurns } from './user-turns.ts'
import type { UserTurns } from './user-turns.ts'
import { createWireDecoder, pcm24k, samplesInBase64 } from './wire-audio.ts'

/** The API refuses to commit less. */
const MIN_COMMIT_MS = 100
/** Silence kept in front of speech that may come. Older silence is dropped: it is never part of a turn. */
const KEPT_SILENCE_MS = 10_000

export interface HearingOptions {
  stages: Pick<Stages, 'openVad' | 'transcriber'>
  clock: Clock
  ids: (prefix: string) => string
  session: () => RealtimeSession
  conversation: Conversation
  emit: (event: ServerEventDraft) => void
  /** The user began to speak: the client has been told. */
  onSpeech(): void
  /** Turn detection ended the turn and its item is in the conversation. */
  onTurn(): void
  onFault(fault: StageError): void
  /** Turn detection failed; nobody asked, so it is an error of its own. */
  onBroken(error: ServerError): void
}

/** The user's half: input audio buffer, turn detection, and the items that turns become. Refusals are returned. */
export interface Hearing extends Pick<UserTurns, 'recognise'> {
  /** Where the input audio buffer ends, in samples of all audio written. */
  readonly position: number
  append(audio: string): ServerError | undefined
  /** The same in samples, from a track that never stops. Full ⇒ the oldest goes. */
  hear(samples: Int16Array): void
  commit(): ServerError | undefined
  clear(): void
  /** Nobody spoke from this position on, for as long as the session allows: the silence becomes the user's turn. */
  commitSilence(from: number): void
  /** The rule for turns changed: what was half heard belongs to none; the audio stays, for a commit. */
  startOver(): void
  close(): void
}

export function createHearing(options: HearingOptions): Hearing {
  const { stages, clock, session, emit } = options
  const buffer = createInputBuffer()
  const turns = createUserTurns({ ...options, transcriber: stages.transcriber, buffer })
  const listening = createListening({
    openVad: () => stages.openVad(),
    clock,
    buffer,
    port: { options: () => turnOptions(session(), turns.partial), onTurn, onJudged, onFault },
  })
  /** Where the turn that is being spoken begins. */
  let turnFrom: number | undefined
  /** A track flows also while nobody presses the button: recognition begins with the `clear` that pressing it sends. */
  let pressed = false
  let decoder = createWireDecoder(pcm24k)

  function onTurn(effect: TurnEffect): void {
    if (effect.type === 'speech_started') {
      turnFrom = Math.max(msToPosition(effect.audioStartMs), buffer.start)
      const itemId = turns.begin(turnFrom)
      emit({ type: 'input_audio_buffer.speech_started', audio_start_ms: positionToMs(turnFrom), item_id: itemId })
      return options.onSpeech()
    }
    const to = msToPosition(effect.audioEndMs)
    emit({ type: 'input_audio_buffer.speech_stopped', audio_end_ms: positionToMs(to), item_id: turns.itemId ?? '' })
    commitTurn(turnFrom ?? buffer.start, to)
    options.onTurn()
  }

  function onJudged(position: number, inTurn: boolean): void {
    if (inTurn) turns.feed(position)
    else if (turnFrom === undefined) buffer.dropBefore(position - Math.max(KEPT_SILENCE_MS, idleMs(session()) ?? 0) * SAMPLES_PER_MS)
  }

  function onFault(fault: StageError, givenUp: boolean): void {
    forgetTurn()
    options.onFault(fault)
    options.onBroken(wireError('server_error', `Turn detection failed: ${fault.message}.${givenUp ? ' It stays off in this session; commit the audio yourself.' : ''}`))
  }

  function commitTurn(from: number, to: number): void {
    turns.commit(from, to)
    turnFrom = undefined
  }

  function forgetTurn(): void {
    turns.discard()
    turnFrom = undefined
  }

  function append(audio: string): ServerError | undefined {
    const { format } = session().audio.input
    if (audio.length / 4 * 3 > MAX_APPEND_BYTES + 2) return wireError('invalid_value', 'Invalid \'audio\': at most 15 MiB of audio in one event.', { param: 'audio' })
    // Asked before it is decoded: decoding that much for nothing would hold up other sessions.
    const heldSamples = buffer.end - buffer.start
    if (heldSamples + samplesInBase64(Math.max(0, audio.length - 4), format) > MAX_INPUT_SAMPLES) return full(heldSamples)
    if (decoder.format.type !== format.type) decoder = createWireDecoder(format)
    const samples = decoder.decode(audio)
    if (!samples) return wireError('invalid_value', `Invalid 'audio': expected base64 of ${format.type === 'audio/pcm' ? '16-bit samples' : format.type}.`, { param: 'audio' })
    if (!buffer.append(samples)) return full(heldSamples)
    if (session().audio.input.turn_detection) {
      listening.wake()
      return undefined
    }
    if (!turns.itemId) turns.begin(buffer.start)
    turns.feed(buffer.end)
    return undefined
  }

  function hear(samples: Int16Array): void {
    if (!buffer.append(samples)) {
      buffer.dropBefore(buffer.end - MAX_INPUT_SAMPLES / 2)
      buffer.append(samples)
    }
    if (session().audio.input.turn_detection) return listening.wake()
    if (!pressed) return
    if (!turns.itemId) turns.begin(buffer.start)
    turns.feed(buffer.end)
  }

  function commit(): ServerError | undefined {
    const from = turnFrom ?? buffer.start
    const heldMs = (buffer.end - from) / SAMPLES_PER_MS
    if (heldMs < MIN_COMMIT_MS) {
      return wireError('input_audio_buffer_commit_empty',
        `Error committing input audio buffer: buffer too small. Expected at least ${MIN_COMMIT_MS}ms of audio, but buffer only has ${heldMs.toFixed(2)}ms of audio.`)
    }
    commitTurn(from, buffer.end)
    pressed = false
    listening.reset()
    return undefined
  }

  return {
    get position() { return buffer.end },
    append,
    hear,
    commit,
    commitSilence(from) {
      const itemId = turns.begin(Math.max(from, buffer.start))
      emit({ type: 'input_audio_buffer.timeout_triggered', audio_start_ms: positionToMs(from), audio_end_ms: positionToMs(buffer.end), item_id: itemId })
      turns.commitSilence(Math.max(from, buffer.start), buffer.end)
      turnFrom = undefined
      listening.reset()
      options.onTurn()
    },
    clear() {
      pressed = true
      forgetTurn()
      buffer.dropBefore(buffer.end)
      listening.reset()
      emit({ type: 'input_audio_buffer.cleared' })
    },
    startOver() {
      forgetTurn()
      listening.reset()
    },
    recognise: turns.recognise,
    close() {
      listening.close()
      turns.close()
    },
  }
}

const full = (heldSamples: number) =>
  wireError('input_audio_buffer_full', `The input audio buffer is full: it holds ${positionToMs(heldSamples)} ms. Commit or clear it before sending more.`, { param: 'audio' })

/** How long the user may say nothing after a response; `null`: any time. */
export function idleMs(session: Pick<RealtimeSession, 'audio'>): number | null {
  const detection = session.audio.input.turn_detection
  return detection?.type === 'server_vad' ? detection.idle_timeout_ms : null
}

/** How turns are found under this configuration, given the words of the turn so far. */
function turnOptions(session: RealtimeSession, partial: string): TurnDetectorOptions | null {
  const detection = session.audio.input.turn_detection
  if (!detection) return null
  if (detection.type === 'semantic_vad') return { ...turnDetectorDefaults, threshold: 0.5, prefixMs: 300, silenceMs: silenceNeededMs(partial, detection.eagerness) }
  return { ...turnDetectorDefaults, threshold: detection.threshold, prefixMs: detection.prefix_padding_ms, silenceMs: detection.silence_duration_ms }
}
