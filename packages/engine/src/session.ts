import { decodePcm16 } from '@kaiwa/audio'
import type { ClientEvent, RealtimeSession, ServerError } from '@kaiwa/protocol'
import { parseClientEvent } from '@kaiwa/protocol/client-event-schema'
import { wireError } from '@kaiwa/protocol/errors'
import { assertNever } from './assert-never.ts'
import { createConversation } from './conversation.ts'
import { createItemDesk } from './item-desk.ts'
import { silenceNeededMs } from './endpointing.ts'
import type { EngineOptions, EngineSession, SessionPort } from './engine.ts'
import { createInputBuffer, MAX_APPEND_BYTES, msToPosition, positionToMs, SAMPLES_PER_MS } from './input-buffer.ts'
import { createListening } from './listening.ts'
import { createOutlet } from './outlet.ts'
import { createResponses } from './responses.ts'
import { defaultSession, updateSession } from './session-config.ts'
import type { StageError } from './stages.ts'
import { turnDetectorDefaults } from './turn-detector.ts'
import type { TurnDetectorOptions, TurnEffect } from './turn-detector.ts'
import { explainUnsupported, refuseOverWebSocket } from './unsupported.ts'
import { createUserTurns } from './user-turns.ts'

/** The API refuses to commit less. */
const MIN_COMMIT_MS = 100
/** Silence kept in front of speech that may come. Older silence is dropped: it is never part of a turn. */
const KEPT_SILENCE_MS = 10_000
const DEFAULT_SESSION_MS = 60 * 60 * 1000

/** One Realtime session: client event → decision → effects. Wiring only; the parts know nothing of each other. */
export function createSession(engine: EngineOptions, port: SessionPort, { model, voice = 'alloy' }: { model: string, voice?: string }): EngineSession {
  const { stages, clock, ids, sessionMs = DEFAULT_SESSION_MS } = engine
  const outlet = createOutlet({ port, ids })
  const { emit, fail } = outlet
  const onFault = (fault: StageError) => engine.onStageFault?.(fault)
  let config: RealtimeSession = defaultSession({ id: ids('sess'), model, voice, expiresAtMs: clock.nowMs() + sessionMs })
  let closed = false

  const session = () => config
  const conversation = createConversation()
  const buffer = createInputBuffer()
  const responses = createResponses({ stages, clock, ids, emit, onFault, session, conversation, conversationId: ids('conv') })
  const turns = createUserTurns({ transcriber: stages.transcriber, clock, ids, buffer, conversation, session, emit, onFault })
  const items = createItemDesk({ emit, ids, conversation, turns })
  const listening = createListening({ openVad: () => stages.openVad(), clock, buffer, port: { options: turnOptions, onTurn, onJudged, onFault: onVadFault } })
  const stopExpiry = clock.setTimer(expire, sessionMs)
  emit({ type: 'session.created', session: config })

  function turnOptions(): TurnDetectorOptions | null {
    const detection = config.audio.input.turn_detection
    if (!detection) return null
    if (detection.type === 'semantic_vad') {
      return { threshold: 0.5, prefixMs: 300, silenceMs: silenceNeededMs(turns.partial, detection.eagerness), ...turnDetectorDefaults }
    }
    return { threshold: detection.threshold, prefixMs: detection.prefix_padding_ms, silenceMs: detection.silence_duration_ms, ...turnDetectorDefaults }
  }

  function onTurn(effect: TurnEffect): void {
    const detection = config.audio.input.turn_detection
    const from = Math.max(msToPosition(effect.audioStartMs), buffer.start)
    if (effect.type === 'speech_started') {
      const itemId = turns.begin(from)
      turnFrom = from
      emit({ type: 'input_audio_buffer.speech_started', audio_start_ms: positionToMs(from), item_id: itemId })
      if (detection?.interrupt_response) responses.active?.cancel('turn_detected')
      return
    }
    const to = msToPosition(effect.audioEndMs)
    emit({ type: 'input_audio_buffer.speech_stopped', audio_end_ms: positionToMs(to), item_id: turns.itemId ?? '' })
    commit(turnFrom ?? from, to)
    if (!detection?.create_response) return
    const refusal = responses.create({})
    if (refusal) outlet.refuse(refusal)
  }
  let turnFrom: number | undefined

  function commit(from: number, to: number): void {
    turns.commit(from, to)
    turnFrom = undefined
  }

  function onJudged(position: number, inTurn: boolean): void {
    if (inTurn) turns.feed(position)
    else if (turnFrom === undefined) buffer.dropBefore(position - KEPT_SILENCE_MS * SAMPLES_PER_MS)
  }

  function onVadFault(fault: StageError, givenUp: boolean): void {
    onFault(fault)
    turns.discard()
    turnFrom = undefined
    fail('server_error', `Turn detection failed: ${fault.message}.${givenUp ? ' It stays off in this session; commit the audio yourself.' : ''}`)
  }

  function append(audio: string): ServerError | undefined {
    const samples = audio.length * 0.75 > MAX_APPEND_BYTES + 3 ? null : decodePcm16(audio)
    if (samples === null) return wireError('invalid_value', 'Invalid \'audio\': at most 15 MiB of audio in one event.', { param: 'audio' })
    if (!samples) return wireError('invalid_value', 'Invalid \'audio\': expected base64 of 16-bit samples.', { param: 'audio' })
    if (!buffer.append(samples)) {
      return wireError('input_audio_buffer_full', `The input audio buffer holds ${positionToMs(buffer.end - buffer.start)} ms. Commit or clear it before sending more.`, { param: 'audio' })
    }
    if (config.audio.input.turn_detection) listening.wake()
    else {
      if (!turns.itemId) turns.begin(buffer.start)
      turns.feed(buffer.end)
    }
    return undefined
  }

  function commitByClient(): ServerError | undefined {
    const from = turnFrom ?? buffer.start
    const heldMs = (buffer.end - from) / SAMPLES_PER_MS
    if (heldMs < MIN_COMMIT_MS) {
      return wireError('input_audio_buffer_commit_empty',
        `Error committing input audio buffer: buffer too small. Expected at least ${MIN_COMMIT_MS}ms of audio, but buffer only has ${heldMs.toFixed(2)}ms of audio.`)
    }
    commit(from, buffer.end)
    listening.reset()
    return undefined
  }

  function clear(): void {
    turns.discard()
    turnFrom = undefined
    buffer.dropBefore(buffer.end)
    listening.reset()
    emit({ type: 'input_audio_buffer.cleared' })
  }

  function configure(update: Extract<ClientEvent, { type: 'session.update' }>['session']): ServerError | undefined {
    const change = updateSession(config, update, { voiceLocked: responses.spoken })
    if (!change.ok) return change.error
    const before = config.audio.input.turn_detection?.type
    config = change.session
    if (config.audio.input.turn_detection?.type !== before) {
      // What was half heard under the other rule belongs to no turn; the audio itself stays, for a commit.
      turns.discard()
      turnFrom = undefined
      listening.reset()
    }
    emit({ type: 'session.updated', session: config })
    return undefined
  }

  function handle(event: ClientEvent): ServerError | undefined {
    switch (event.type) {
      case 'session.update': return configure(event.session)
      case 'input_audio_buffer.append': return append(event.audio)
      case 'input_audio_buffer.commit': return commitByClient()
      case 'input_audio_buffer.clear': return void clear()
      case 'conversation.item.create': return items.create(event)
      case 'conversation.item.retrieve': return items.retrieve(event)
      case 'conversation.item.truncate': return items.truncate(event)
      case 'conversation.item.delete': return items.remove(event)
      case 'response.create': return responses.create(event.response ?? {})
      case 'response.cancel': return responses.cancel(event.response_id) ? undefined : wireError('response_cancel_not_active', 'Cancellation failed: no active response found')
      case 'output_audio_buffer.clear': return refuseOverWebSocket(event.type)
      default: return assertNever(event)
    }
  }

  function expire(): void {
    const minutes = Math.round(sessionMs / 60_000)
    const sentence = minutes >= 1 ? `Your session hit the maximum duration of ${minutes} minutes.` : `Your session hit the maximum duration of ${Math.round(sessionMs / 1000)} seconds.`
    fail('session_expired', sentence)
    close()
    port.close(1001, sentence)
  }

  function close(): void {
    if (closed) return
    closed = true
    stopExpiry()
    outlet.shut()
    listening.close()
    turns.close()
    responses.close()
  }

  return {
    receive(text) {
      if (closed) return
      const parsed = parseClientEvent(text)
      if (!parsed.ok) return outlet.refuse(explainUnsupported(parsed.error))
      try {
        const refusal = handle(parsed.event)
        if (refusal) outlet.refuse({ ...refusal, event_id: parsed.event.event_id ?? null })
      } catch {
        // A fault of ours: this event is lost, the session and all others live on.
        fail('server_error', 'The server had an error while processing this event.', { eventId: parsed.event.event_id })
      }
    },
    receiveBinary() {
      if (!closed) fail('invalid_event', 'Expected a text WebSocket message; binary frames are not supported.')
    },
    close,
  }
}
