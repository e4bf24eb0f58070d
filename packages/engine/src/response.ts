import type { AudioFormat, ResponseObject, ResponseStatusDetails, ServerEventDraft } from '@kaiwa/protocol'
import { createClauseSplitter } from './clause-splitter.ts'
import { inputTokens, turnsOf } from './conversation.ts'
import type { Conversation } from './conversation.ts'
import { Abandoned, asStageError, pieces } from './deadline.ts'
import type { Clock } from './engine.ts'
import { SAMPLES_PER_MS } from './input-buffer.ts'
import type { McpTarget, ToolOffer } from './mcp-offer.ts'
import type { OutputAudioBuffer } from './output-audio-buffer.ts'
import { createPace, paceOf } from './pace.ts'
import type { Modality } from './response-item.ts'
import { createResponseOutput } from './response-output.ts'
import { spokenAudio } from './spoken-audio.ts'
import type { ResponderPiece, ResponderToolChoice, ResponderTurn, StageError, Stages } from './stages.ts'
import { nominalTokenLimit, responseUsage, textTokens } from './usage.ts'
import type { TokenCount } from './usage.ts'

/** A language model on a small machine may think for a while before its first word. */
const RESPONDER_WITHIN_MS = 30_000
/** What `"inf"` comes to, as at OpenAI's larger models: half an hour of speech. A responder that never ends is ended here. */
const MAX_OUTPUT_TOKENS = 32_000
/** How often the responder may go on with what MCP tools gave back. After that it has to answer with what it has. */
const MAX_ROUNDS = 8

/** All that one response needs; fixed when it is created, so that later session updates touch the next one only. */
export interface ResponsePlan {
  id: string
  /** `undefined`: out of band. */
  conversation: Conversation | undefined
  conversationId: string | null
  modality: Modality
  instructions: string
  tools: ToolOffer & { parallelToolCalls: boolean }
  /** Calls that the client approved meanwhile: made before anything else. */
  approved: readonly { target: McpTarget, requestId: string, argumentsJson: string }[]
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
  /** Takes the audio in place of deltas. */
  voice?: OutputAudioBuffer
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
  const { clock, emit, voice } = port
  const abort = new AbortController()
  const { signal } = abort
  const pace = voice ? paceOf(() => voice.leadMs(plan.id), { clock, signal }) : createPace({ clock, signal })
  const splitter = createClauseSplitter()
  const { id: responseId, modality, format, conversation } = plan
  const output = createResponseOutput({ emit, ids: port.ids, responseId, modality, format, conversation, voice, mcp: plan.tools.mcp })
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
    voice?.done(plan.id)
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
    if (piece === '') return
    if (typeof piece !== 'string' && piece.kind === 'tool_arguments') output.write(piece.delta)
    else {
      await output.settle(signal)
      if (over) return
      if (typeof piece === 'string') return say(piece)
      // The words before a call are spoken first: items never overlap.
      await speakAll(splitter.flush())
      if (over) return
      output.call(piece.name)
    }
    endAtLimit()
  }

  /** A call that this response may not make ends it. */
  const isRefused = (piece: ResponderPiece, toolChoice: ResponderToolChoice, calls: number) => typeof piece !== 'string' && piece.kind === 'tool_call'
    && (toolChoice === 'none' || (!plan.tools.parallelToolCalls && calls > 0))

  async function run(): Promise<void> {
    const { turns, input: counted } = await plan.heard()
    if (over) return
    input = counted
    for (const { target, requestId, argumentsJson } of plan.approved) {
      output.approvedCall(target, requestId)
      output.write(argumentsJson)
      await output.settle(signal)
      if (over) return
    }
    for (let round = 1; round <= MAX_ROUNDS; round++) {
      const { calls, results } = output
      // What was insisted on is done after the first round; the last one has to answer.
      await ask(turns, round === MAX_ROUNDS ? 'none' : round === 1 && plan.approved.length === 0 ? plan.tools.toolChoice : 'auto')
      if (over) return
      const made = output.calls - calls
      // A function's result, or an approval, is the client's to bring: then it asks for the next response.
      if (made === 0 || output.results - results < made) break
      input = { ...counted, text: counted.text + inputTokens(output.entries, '').text }
    }
    end({ status: 'completed' })
  }

  /** One answer of the responder, to the conversation and what this response did so far. */
  async function ask(turns: readonly ResponderTurn[], toolChoice: ResponderToolChoice): Promise<void> {
    const { tools: { tools, parallelToolCalls }, instructions } = plan
    const callsBefore = output.calls
    const request = { instructions, turns: [...turns, ...turnsOf(output.entries)], tools, toolChoice, parallelToolCalls, signal }
    const reply = pieces(() => port.stages.responder.respond(request), { clock, stage: 'responder', withinMs: RESPONDER_WITHIN_MS, signal })
    for await (const piece of reply) {
      // A cancel may come between a piece's arrival and its turn here.
      if (over) return
      if (isRefused(piece, toolChoice, output.calls - callsBefore)) break
      await take(piece)
      if (over) return
    }
    await output.settle(signal)
    if (over) return
    await speakAll(splitter.flush())
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
