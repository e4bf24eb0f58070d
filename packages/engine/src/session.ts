import type { ClientEvent, RealtimeSession, ResponseOptions, ServerError, SessionUpdate, TranscriptionSessionUpdate } from '@kaiwa/protocol'
import { parseClientEvent } from '@kaiwa/protocol/client-event-schema'
import { wireError } from '@kaiwa/protocol/errors'
import { assertNever } from './assert-never.ts'
import { createConversation } from './conversation.ts'
import type { EngineOptions, EngineSession, OpenOptions, SessionPort } from './engine.ts'
import { createHearing, idleMs } from './hearing.ts'
import { createIdleTimeout } from './idle-timeout.ts'
import { initialSession } from './initial-session.ts'
import { createItemDesk } from './item-desk.ts'
import { createMcpServers } from './mcp-servers.ts'
import { createOutlet } from './outlet.ts'
import { createOutputAudioBuffer } from './output-audio-buffer.ts'
import { createResponses } from './responses.ts'
import { updateSession } from './session-config.ts'
import type { StageError } from './stages.ts'
import { refuseForIntent, servedSession, updateFor } from './transcription-session.ts'
import { refuseOverWebSocket } from './unsupported.ts'

const DEFAULT_SESSION_MS = 60 * 60 * 1000

/** One Realtime session: client event → decision → effects. Wiring only; the parts know nothing of each other. */
export function createSession(engine: EngineOptions, port: SessionPort, options: OpenOptions): EngineSession {
  const { stages, clock, ids, sessionMs = DEFAULT_SESSION_MS } = engine
  const { model, voice = 'alloy', intent = 'conversation' } = options
  const { emit, refuse, shut } = createOutlet({ port, ids })
  const onFault = (fault: StageError) => engine.onStageFault?.(fault)
  const conversation = createConversation()
  const mcp = createMcpServers({ connector: engine.mcp, clock, ids, emit, conversation })
  const tools = options.session?.type === 'realtime' ? options.session.tools ?? [] : []
  const toolRefusal = mcp.refuse(tools, 'session.tools')
  const initial = initialSession({ id: ids('sess'), model, voice, expiresAtMs: clock.nowMs() + sessionMs }, intent, toolRefusal ? undefined : options.session)
  let config: RealtimeSession = initial.session
  let closed = false

  const session = () => config
  const speaker = options.voiceTrack && createOutputAudioBuffer({ track: options.voiceTrack, emit })
  const responses = createResponses({ mcp, voice: speaker, stages, clock, ids, emit, onFault, session, conversation, conversationId: ids('conv'), onPlayed })
  const hearing = createHearing({ stages, clock, ids, emit, onFault, session, conversation, onSpeech, onTurn, onBroken: refuse })
  const items = createItemDesk({ emit, ids, conversation, session, turns: hearing })
  const idle = createIdleTimeout({ clock, idleMs: () => idleMs(config), position: () => hearing.position, onTimeout: from => hearing.commitSilence(from) })
  const stopExpiry = clock.setTimer(expire, sessionMs)
  emit({ type: 'session.created', session: servedSession(config, intent) })
  const initialRefusal = toolRefusal ?? initial.refusal
  if (initialRefusal) refuse(initialRefusal)
  else mcp.define(tools)

  function onPlayed(playedAtMs: number): void {
    idle.responseEnded(playedAtMs)
  }

  function onSpeech(): void {
    idle.stop()
    if (!config.audio.input.turn_detection?.interrupt_response) return
    responses.active?.cancel('turn_detected')
    // An answer that is all made may still be on its way to the ear.
    speaker?.clear()
  }

  function onTurn(): void {
    const answers = intent === 'conversation' && config.audio.input.turn_detection?.create_response
    const refusal = answers ? respond({}) : undefined
    if (refusal) refuse(refusal)
  }

  function respond(options: ResponseOptions): ServerError | undefined {
    const refusal = responses.create(options)
    if (!refusal && options.conversation !== 'none') idle.stop()
    return refusal
  }

  function commit(): ServerError | undefined {
    const refusal = hearing.commit()
    if (!refusal) idle.stop()
    return refusal
  }

  function configure(asked: SessionUpdate | TranscriptionSessionUpdate): ServerError | undefined {
    const own = updateFor(asked, intent)
    if (!own.ok) return own.error
    const tools = own.update.tools ?? []
    const refusal = mcp.refuse(tools, 'session.tools')
    if (refusal) return refusal
    const change = updateSession(config, own.update, { voiceLocked: responses.spoken, responding: responses.active !== undefined })
    if (!change.ok) return change.error
    const before = config.audio.input.turn_detection?.type
    config = change.session
    if (config.audio.input.turn_detection?.type !== before) hearing.startOver()
    idle.reconsider()
    emit({ type: 'session.updated', session: servedSession(config, intent) })
    mcp.define(tools)
    return undefined
  }

  /** Does what the event asks, or returns why not. */
  function handle(event: ClientEvent): ServerError | undefined {
    switch (event.type) {
      case 'session.update': return configure(event.session)
      case 'input_audio_buffer.append': return hearing.append(event.audio)
      case 'input_audio_buffer.commit': return commit()
      case 'input_audio_buffer.clear': return void hearing.clear()
      case 'conversation.item.create': return items.create(event)
      case 'conversation.item.retrieve': return items.retrieve(event)
      case 'conversation.item.truncate': return items.truncate(event)
      case 'conversation.item.delete': return items.remove(event)
      case 'response.create': return refuseForIntent(event, intent) ?? respond(event.response ?? {})
      case 'response.cancel': return responses.cancel(event.response_id) ? undefined : wireError('response_cancel_not_active', 'Cancellation failed: no active response found')
      case 'output_audio_buffer.clear': return speaker ? void speaker.clear() : refuseOverWebSocket(event.type)
      default: return assertNever(event)
    }
  }

  function receive(text: string): void {
    if (closed) return
    const parsed = parseClientEvent(text)
    if (!parsed.ok) return refuse(parsed.error)
    const eventId = parsed.event.event_id ?? null
    try {
      const refusal = handle(parsed.event)
      if (refusal) refuse({ ...refusal, event_id: eventId })
    } catch (cause) {
      // A fault of ours: this event is lost, the session and all others live on.
      engine.onBug?.(cause)
      refuse(wireError('server_error', 'The server had an error while processing this event.', { eventId }))
    }
  }

  function expire(): void {
    const sentence = `Your session hit the maximum duration of ${spelledDuration(sessionMs)}.`
    refuse(wireError('session_expired', sentence))
    close()
    port.close(1001, sentence)
  }

  function close(): void {
    if (closed) return
    closed = true
    stopExpiry()
    idle.stop()
    shut()
    hearing.close()
    responses.close()
    mcp.close()
  }

  return {
    receive,
    hear(samples) { if (!closed) hearing.hear(samples) },
    sent(samples) { if (!closed) speaker?.sent(samples) },
    receiveBinary() {
      if (!closed) refuse(wireError('invalid_event', 'Expected a text WebSocket message; binary frames are not supported.'))
    },
    close,
  }
}

const spelledDuration = (ms: number) => ms >= 60_000 ? `${Math.round(ms / 60_000)} minutes` : `${Math.round(ms / 1000)} seconds`
