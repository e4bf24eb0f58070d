import type { ResponseObject, ResponseStatusDetails, ServerEventDraft } from '@kaiwa/protocol'
import { createClauseSplitter } from './clause-splitter.ts'
import type { Conversation } from './conversation.ts'
import { Abandoned, asStageError, pieces } from './deadline.ts'
import type { Clock } from './engine.ts'
import { SAMPLES_PER_MS } from './input-buffer.ts'
import { createPace } from './pace.ts'
import { openResponseItem } from './response-item.ts'
import type { Modality, ResponseItem } from './response-item.ts'
import { spokenAudio } from './spoken-audio.ts'
import type { ResponderTurn, StageError, Stages } from './stages.ts'
import { responseUsage, textTokens } from './usage.ts'
import type { TokenCount } from './usage.ts'

/** A language model on a small machine may think for a while before its first word. */
const RESPONDER_WITHIN_MS = 30_000
/** What `"inf"` comes to, as at OpenAI's larger models: half an hour of speech. A responder that never ends is ended here. */
const MAX_OUTPUT_TOKENS = 32_000

/** All that one response needs; fixed when it is created, so that later session updates touch the next one only. */
export interface ResponsePlan {
  id: string
  itemId: string
  /** `undefined`: out of band. */
  conversation: Conversation | undefined
  conversationId: string | null
  modality: Modality
  instructions: string
  voice: string | { id: string }
  speed: number
  maxOutputTokens: number | 'inf'
  metadata: Record<string, string> | null
  /** What was said, once every recogniser is done with it; never rejects. */
  heard: () => Promise<{ turns: ResponderTurn[], input: TokenCount }>
}

export interface ResponsePort {
  stages: Pick<Stages, 'responder' | 'synthesizer'>
  clock: Clock
  emit: (event: ServerEventDraft) => void
  /** First audio is about to go out. */
  onAudio(): void
  /** Just before `response.done`: another response may begin. */
  onEnd(): void
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

/** One reply: think → speak → done, cancelled, incomplete or failed. Emits `response.created` at once. */
export function startResponse(plan: ResponsePlan, port: ResponsePort): Response {
  const { clock, emit } = port
  const abort = new AbortController()
  const { signal } = abort
  const pace = createPace({ clock, signal })
  const splitter = createClauseSplitter()
  let item: ResponseItem | undefined
  let input: TokenCount = { text: textTokens(plan.instructions), audio: 0 }
  let over = false

  const outputTokens = (): TokenCount => item?.tokens ?? { text: 0, audio: 0 }
  const maxTokens = plan.maxOutputTokens === 'inf' ? MAX_OUTPUT_TOKENS : plan.maxOutputTokens
  const overLimit = () => outputTokens().text + outputTokens().audio >= maxTokens

  function end(outcome: Outcome): void {
    if (over) return
    over = true
    abort.abort()
    item?.close(outcome.status === 'completed' ? 'completed' : 'incomplete')
    if (outcome.status === 'failed') port.onFault(outcome.fault)
    port.onEnd()
    emit({ type: 'response.done', response: {
      ...describe(plan, outcome.status),
      status_details: statusDetails(outcome),
      output: item ? [item.entry.item] : [],
      usage: responseUsage(input, outputTokens()),
    } })
    // The embedded engine has no rate limits; the event closes the cycle as it does at OpenAI.
    emit({ type: 'rate_limits.updated', rate_limits: [] })
  }

  async function speak(clause: string): Promise<void> {
    if (over || !item) return
    item.words(clause)
    const voice = typeof plan.voice === 'string' ? plan.voice : plan.voice.id
    for await (const samples of spokenAudio({ synthesizer: port.stages.synthesizer, clock, text: clause, voice, speed: plan.speed, signal })) {
      await pace.room()
      if (over) return
      port.onAudio()
      item.audio(samples)
      pace.sent(samples.length / SAMPLES_PER_MS)
      if (overLimit()) return end({ status: 'incomplete', reason: 'max_output_tokens' })
    }
  }

  async function say(text: string): Promise<void> {
    item ??= openResponseItem({ emit, responseId: plan.id, itemId: plan.itemId, modality: plan.modality, conversation: plan.conversation })
    if (plan.modality === 'audio') {
      for (const clause of splitter.push(text)) await speak(clause)
      return
    }
    item.words(text)
    if (overLimit()) end({ status: 'incomplete', reason: 'max_output_tokens' })
  }

  async function run(): Promise<void> {
    const { turns, input: counted } = await plan.heard()
    if (over) return
    input = counted
    const words = pieces(() => port.stages.responder.respond({ instructions: plan.instructions, turns, signal }), { clock, stage: 'responder', withinMs: RESPONDER_WITHIN_MS, signal })
    for await (const text of words) {
      if (text) await say(text)
      if (over) return
    }
    for (const clause of splitter.flush()) await speak(clause)
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
    audio: { output: { format: { type: 'audio/pcm', rate: 24000 }, voice: plan.voice } },
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
