import type { AudioFormat, ResponseObject, ResponseStatusDetails, ServerEventDraft } from '@kaiwa/protocol'
import { createClauseSplitter } from './clause-splitter.ts'
import type { Conversation } from './conversation.ts'
import { Abandoned, asStageError, pieces } from './deadline.ts'
import type { Clock } from './engine.ts'
import { SAMPLES_PER_MS } from './input-buffer.ts'
import { createPace } from './pace.ts'
import type { Modality } from './response-item.ts'
import { createResponseOutput } from './response-output.ts'
import { spokenAudio } from './spoken-audio.ts'
import type { ResponderPiece, ResponderRequest, ResponderTurn, StageError, Stages } from './stages.ts'
import { nominalTokenLimit, responseUsage, textTokens } from './usage.ts'
import type { TokenCount } from './usage.ts'

/** A language model on a small machine may think for a while before its first word. */
const RESPONDER_WITHIN_MS = 30_000
/** What `"inf"` comes to, as at OpenAI's larger models: half an hour of speech. A responder that never ends is ended here. */
const MAX_OUTPUT_TOKENS = 32_000

/** All that one response needs; fixed when it is created, so that later session updates touch the next one only. */
export interface ResponsePlan {
  id: string
  /** `undefined`: out of band. */
  conversation: Conversation | undefined
  conversationId: string | null
  modality: Modality
  instructions: string
  tools: Required<Pick<ResponderRequest, 'tools' | 'toolChoice' | 'parallelToolCalls'>>
  voice: string | { id: string }
  format: AudioFormat
  speed: number
  maxOutputTokens: number | 'inf'
  metadata: Record<string, string> | null
  /** What was said, once every recogniser is done with it; never rejects. */
  heard: () => Promise<{ turns: ResponderTurn[], input: TokenCount }>
}

export interface ResponsePort {
  stages: Pick<Stages, 'responder' | 'synthesizer'>
  clock: Clock
  ids: (prefix: string) => string
  emit: (event: ServerEventDraft) => void
  /** First audio is about to go out. */
  onAudio(): void
  /** Just before `response.done`: another response may begin. The audio will have been played at this time, if the client plays it as it comes. */
  onEnd(playedAtMs: number): void
  onFault(fault: StageError): void
}

export interface Response {
  readonly id: string
  readonly inConversation: boolean
  /** Emits the tail and `response.done` before it returns; the stages are told to stop. */
  cancel(reason: 'turn_detected' | 'client_cancelled'): void
  /** Silently: the session is over. */
  abandon(): void
}

type Outcome = { status: 'completed' } | { status: 'cancelled' | 'incomplete', reason: NonNullable<ResponseStatusDetails['reason']> } | { status: 'failed', fault: StageError }

/** One reply: think → speak, call → done, cancelled, incomplete or failed. Emits `response.created` at once. */
export function startResponse(plan: ResponsePlan, port: ResponsePort): Response {
  const { clock, emit } = port
  const abort = new AbortController()
  const { signal } = abort
  const pace = createPace({ clock, signal })
  const splitter = createClauseSplitter()
  const { id: responseId, modality, format, conversation } = plan
  const output = createResponseOutput({ emit, ids: port.ids, responseId, modality, format, conversation })
  let input: TokenCount = { text: textTokens(plan.instructions), audio: 0 }
  let over = false

  const maxTokens = plan.maxOutputTokens === 'inf' ? MAX_OUTPUT_TOKENS : plan.maxOutputTokens

  function endAtLimit(): void {
    const { text, audio } = output.tokens
    if (text + audio >= maxTokens) end({ status: 'incomplete', reason: 'max_output_tokens' })
  }

  function end(outcome: Outcome): void {
    if (over) return
    over = true
    abort.abort()
    output.close(outcome.status === 'completed' ? 'completed' : 'incomplete')
    if (outcome.status === 'failed') port.onFault(outcome.fault)
    // A client that was interrupted, or cancelled, plays no further.
    port.onEnd(outcome.status === 'cancelled' ? clock.nowMs() : pace.playedAtMs)
    emit({ type: 'response.done', response: {
      ...describe(plan, outcome.status),
      status_details: statusDetails(outcome),
      output: output.items,
      usage: responseUsage(input, output.tokens),
    } })
    emit({ type: 'rate_limits.updated', rate_limits: [nominalTokenLimit] })
  }

  async function speak(clause: string): Promise<void> {
    if (over) return
    const item = output.message()
    item.words(clause)
    const voice = typeof plan.voice === 'string' ? plan.voice : plan.voice.id
    for await (const samples of spokenAudio({ synthesizer: port.stages.synthesizer, clock, text: clause, voice, speed: plan.speed, signal })) {
      await pace.room()
      if (over) return
      port.onAudio()
      item.audio(samples)
      pace.sent(samples.length / SAMPLES_PER_MS)
      endAtLimit()
    }
  }

  async function speakAll(clauses: string[]): Promise<void> {
    for (const clause of clauses) await speak(clause)
  }

  async function say(text: string): Promise<void> {
    const item = output.message()
    if (plan.modality === 'audio') return speakAll(splitter.push(text))
    item.words(text)
    endAtLimit()
  }

  async function take(piece: ResponderPiece): Promise<void> {
    if (typeof piece === 'string') return piece ? say(piece) : undefined
    if (piece.kind === 'tool_arguments') output.write(piece.delta)
    else {
      // The words before a call are spoken first: items never overlap.
      await speakAll(splitter.flush())
      if (over) return
      output.call(piece.name)
    }
    endAtLimit()
  }

  /** A call that this response may not make ends it. */
  const isRefused = (piece: ResponderPiece) => typeof piece !== 'string' && piece.kind === 'tool_call'
    && (plan.tools.toolChoice === 'none' || (!plan.tools.parallelToolCalls && output.calls > 0))

  async function run(): Promise<void> {
    const { turns, input: counted } = await plan.heard()
    if (over) return
    input = counted
    const request = { instructions: plan.instructions, turns, ...plan.tools, signal }
    const reply = pieces(() => port.stages.responder.respond(request), { clock, stage: 'responder', withinMs: RESPONDER_WITHIN_MS, signal })
    for await (const piece of reply) {
      // A cancel may come between a piece's arrival and its turn here.
      if (over) return
      if (isRefused(piece)) break
      await take(piece)
      if (over) return
    }
    await speakAll(splitter.flush())
    end({ status: 'completed' })
  }

  emit({ type: 'response.created', response: describe(plan, 'in_progress') })
  run().catch((cause: unknown) => {
    if (cause instanceof Abandoned) return
    end({ status: 'failed', fault: asStageError('responder', cause) })
  })

  return {
    id: plan.id,
    inConversation: plan.conversation !== undefined,
    cancel: reason => end({ status: 'cancelled', reason }),
    abandon() {
      over = true
      abort.abort()
    },
  }
}

function describe(plan: ResponsePlan, status: ResponseObject['status']): ResponseObject {
  return {
    object: 'realtime.response',
    id: plan.id,
    status,
    status_details: null,
    output: [],
    conversation_id: plan.conversationId,
    output_modalities: [plan.modality] as ResponseObject['output_modalities'],
    max_output_tokens: plan.maxOutputTokens,
    audio: { output: { format: plan.format, voice: plan.voice } },
    usage: null,
    metadata: plan.metadata,
  }
}

/** As captured: absent details for a completed response would be `null`; clients read `type`, so it is always an object. */
function statusDetails(outcome: Outcome): ResponseStatusDetails {
  if (outcome.status === 'completed') return { type: 'completed' }
  if (outcome.status !== 'failed') return { type: outcome.status, reason: outcome.reason }
  return { type: 'failed', error: { type: 'server_error', code: 'server_error', message: outcome.fault.message } }
}
