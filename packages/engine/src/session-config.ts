import type { RealtimeSession, ServerError, SessionUpdate, TurnDetection } from '@kaiwa/protocol'
import { serverVadDefaults } from '@kaiwa/protocol'
import { wireError } from '@kaiwa/protocol/errors'
import { withoutSecrets } from './mcp-servers.ts'
import { refuseToolChoice, refuseToolList } from './response-tools.ts'
import { formatOf, pcm24k } from './wire-audio.ts'

/** The session as it is served first: every key present (GA protocol, "Session object"). */
export function defaultSession({ id, model, voice, expiresAtMs }: { id: string, model: string, voice: string, expiresAtMs: number }): RealtimeSession {
  return {
    type: 'realtime',
    object: 'realtime.session',
    id,
    model,
    output_modalities: ['audio'],
    instructions: '',
    tools: [],
    tool_choice: 'auto',
    max_output_tokens: 'inf',
    tracing: null,
    truncation: 'auto',
    prompt: null,
    expires_at: Math.floor(expiresAtMs / 1000),
    audio: {
      input: { format: pcm24k, transcription: null, noise_reduction: null, turn_detection: { ...serverVadDefaults } },
      output: { format: pcm24k, voice, speed: 1 },
    },
    include: null,
  }
}

export type ConfigChange = { ok: true, session: RealtimeSession } | { ok: false, error: ServerError }

const refuse = (error: ServerError): ConfigChange => ({ ok: false, error })
const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b)

export interface SessionFacts {
  /** Assistant audio exists. */
  voiceLocked: boolean
  /** A response is in progress. */
  responding?: boolean
}

/**
 * Merges an update into the session: only the fields present change, nested objects merge, `null`, `""` and `[]` clear.
 * One bad field refuses the whole update.
 */
export function updateSession(current: RealtimeSession, update: SessionUpdate, facts: SessionFacts): ConfigChange {
  const refusal = refuseChange(current, update, facts)
  if (refusal) return refuse(refusal)
  const { audio, model: _same, ...plain } = update
  const session = { ...current, ...withoutUndefined(plain), audio: mergeAudio(current.audio, audio) } as RealtimeSession
  // From here on they could only leak.
  session.tools = session.tools.map(withoutSecrets)
  const toolError = refuseToolList(update.tools ?? [], 'session.tools')
    // Whether a required call is possible is asked when a response begins: the tools may come in a later update.
    ?? (typeof update.tool_choice === 'object' ? refuseToolChoice(session.tool_choice, session.tools, 'session.tool_choice') : undefined)
  return toolError ? refuse(toolError) : { ok: true, session }
}

/** What is right by its form, and still can't be had now or here. */
function refuseChange(current: RealtimeSession, update: SessionUpdate, { voiceLocked, responding }: SessionFacts): ServerError | undefined {
  const { model, tracing, include } = update
  const { voice, speed } = update.audio?.output ?? {}
  if (model !== undefined && model !== current.model) {
    return wireError('invalid_value', `Invalid value: '${model}'. The model of a session can't change; this one speaks to '${current.model}'.`, { param: 'session.model' })
  }
  if (voice !== undefined && voiceLocked && !same(voice, current.audio.output.voice)) {
    return wireError('cannot_update_voice', 'Cannot update a conversation\'s voice if assistant audio is present.', { param: 'session.audio.output.voice' })
  }
  if (speed !== undefined && responding && speed !== current.audio.output.speed) {
    return wireError('invalid_value', 'The speed can change between responses only; one is in progress.', { param: 'session.audio.output.speed' })
  }
  if (tracing !== undefined && current.tracing !== null && !same(tracing, current.tracing)) {
    return wireError('invalid_value', 'Tracing can\'t change once it is enabled.', { param: 'session.tracing' })
  }
  if (include && include.length > 0) {
    return wireError('invalid_value', `Invalid value: '${include[0]}'. The embedded engine's recognisers know no log probabilities.`, { param: 'session.include' })
  }
  return undefined
}

type Audio = RealtimeSession['audio']

function mergeAudio(current: Audio, update: SessionUpdate['audio']): Audio {
  if (!update) return current
  const { input = {}, output = {} } = update
  const merged = {
    input: { ...current.input, ...withoutUndefined(input) },
    output: { ...current.output, ...withoutUndefined(output) },
  } as Audio
  merged.input.format = formatOf(input.format) ?? current.input.format
  merged.output.format = formatOf(output.format) ?? current.output.format
  if (input.turn_detection) merged.input.turn_detection = mergeTurnDetection(current.input.turn_detection, input.turn_detection as Partial<TurnDetection>)
  if (input.transcription) merged.input.transcription = { ...current.input.transcription, ...withoutUndefined(input.transcription) }
  if (input.noise_reduction) merged.input.noise_reduction = { ...current.input.noise_reduction, ...withoutUndefined(input.noise_reduction) } as Audio['input']['noise_reduction']
  return merged
}

/** Another type starts from that type's defaults: nothing of the old one is left. */
function mergeTurnDetection(current: TurnDetection | null, update: Partial<TurnDetection>): TurnDetection {
  const type = update.type ?? current?.type ?? 'server_vad'
  const base: TurnDetection = current?.type === type
    ? current
    : type === 'server_vad' ? { ...serverVadDefaults } : { type, eagerness: 'auto', create_response: true, interrupt_response: true }
  return { ...base, ...withoutUndefined(update) } as TurnDetection
}

function withoutUndefined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, entry]) => entry !== undefined)) as T
}
