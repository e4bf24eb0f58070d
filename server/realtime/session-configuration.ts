import type { ResponseCreateEvent, SessionUpdate, SessionUpdateEvent, Transcription, TurnDetection } from '@kaiwa/protocol'
import type { Persona } from '../personas/persona.ts'
import type { Brain } from './brain.ts'
import type { CallStart } from './calls.ts'

type BrainDefaults = Pick<Brain, 'kind' | 'model' | 'voice'>

/** Transcribes what the talker said, for the page: the older `gpt-4o-*-transcribe` are retired in February 2027; Azure offers `whisper-1`. */
const transcriptionModels: Record<Brain['kind'], string | undefined> = { openai: 'gpt-transcribe', azure: 'whisper-1', local: undefined }

/** Told of several languages at once; the others take one. */
const takesLanguages = (model: string | undefined) => model === 'gpt-transcribe' || model === 'gpt-live-transcribe'
/** Sent to any other, `reasoning` has the whole update refused. */
const reasons = (model: string) => /^gpt-realtime-2(?!\d)/.test(model)

/** The embedded engine has one model, whatever a persona names for an upstream. */
export const modelOf = ({ model }: Pick<Persona, 'model'>, brain: BrainDefaults) => brain.kind === 'local' ? brain.model : model ?? brain.model

/** How turns are taken with it: also what is restored when the talker lets go of the floor. Null: the talker says when a turn ends. */
export const turnDetectionOf = ({ turnDetection }: Pick<Persona, 'turnDetection'>): TurnDetection | null => turnDetection && { ...turnDetection }

/** The server's own configuration of a page's session (protocol, "Session object"): whole, so that nothing hangs on an upstream's defaults. */
export function sessionConfiguration(persona: Persona, brain: BrainDefaults): SessionUpdate {
  return {
    type: 'realtime',
    output_modalities: ['audio'],
    instructions: persona.instructions,
    tools: [],
    tool_choice: 'auto',
    max_output_tokens: persona.maxOutputTokens,
    truncation: 'auto',
    ...(reasons(modelOf(persona, brain)) && { reasoning: { effort: persona.reasoning } }),
    audio: {
      input: {
        format: { type: 'audio/pcm', rate: 24000 },
        transcription: transcriptionOf(persona, brain.kind),
        noise_reduction: persona.noiseReduction,
        turn_detection: turnDetectionOf(persona),
      },
      output: { format: { type: 'audio/pcm', rate: 24000 }, voice: persona.voice ?? brain.voice, speed: persona.speed },
    },
  }
}

function transcriptionOf({ transcription, languages }: Persona, kind: Brain['kind']): Transcription | null {
  if (transcription === null) return null
  const model = kind === 'local' ? undefined : transcription ?? transcriptionModels[kind]
  const [language, ...others] = languages
  return {
    ...(model !== undefined && { model }),
    ...(language !== undefined && others.length === 0 && { language }),
    ...(others.length > 0 && takesLanguages(model) && { languages }),
  }
}

/** A response's instructions take the place of the session's, so both are said. */
const greetingOf = ({ instructions, greeting }: Persona, ids: (prefix: string) => string): ResponseCreateEvent[] =>
  greeting === undefined ? [] : [{ type: 'response.create', event_id: ids('event'), response: { instructions: `${instructions}\n\n# Now\n${greeting}` } }]

/**
 * What the brain hears before anything of the client: a persona's configuration and how it opens the conversation, or the
 * configuration of an ephemeral secret, with which the engine has begun already.
 */
export function openingEvents(brain: BrainDefaults, { persona, session }: Pick<CallStart, 'persona' | 'session'>, ids: (prefix: string) => string): string[] {
  const configuration = persona ? sessionConfiguration(persona, brain) : brain.kind === 'local' ? undefined : session
  if (!configuration) return []
  const update: SessionUpdateEvent = { type: 'session.update', event_id: ids('event'), session: configuration }
  return [update, ...(persona ? greetingOf(persona, ids) : [])].map(event => JSON.stringify(event))
}
