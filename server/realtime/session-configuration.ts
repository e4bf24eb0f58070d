import type { ItemCreateEvent, ResponseCreateEvent, SessionUpdate, SessionUpdateEvent, Transcription, TurnDetection } from '@kaiwa/protocol'
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

/** What a session is to be: the persona's, or an ephemeral secret's; undefined: the brain's defaults. */
const configurationOf = (brain: BrainDefaults, { persona, session, goesOn }: Pick<CallStart, 'persona' | 'session' | 'goesOn'>) =>
  persona ? sessionConfiguration(knowing(persona, goesOn), brain) : session

/** Who doesn't know all of what was said earlier is told so. */
const knowing = (persona: Persona, goesOn: CallStart['goesOn']): Persona => goesOn?.note === undefined ? persona : { ...persona, instructions: `${persona.instructions}\n\n# Earlier\n${goesOn.note}` }

/** What the session begins with. A WebSocket to an upstream can't carry it: there it is the first event. */
export const beginningOf = (brain: BrainDefaults, start: Pick<CallStart, 'persona' | 'session' | 'media' | 'goesOn'>) => start.media ? configurationOf(brain, start) : start.session

/**
 * What the brain hears before anything of the client: a persona's configuration, what was said earlier or else how it opens the conversation, or the
 * configuration of an ephemeral secret, where the session hasn't begun with it. A WebRTC call has begun with either; a page is told of its
 * session in a `session.updated` all the same.
 */
export function openingEvents(brain: BrainDefaults, start: Pick<CallStart, 'persona' | 'session' | 'media' | 'goesOn'>, ids: (prefix: string) => string): string[] {
  const { persona, session, media, goesOn } = start
  const hasBegun = media !== undefined || brain.kind === 'local'
  const configuration = persona ? personasUpdate(knowing(persona, goesOn), brain, media !== undefined) : hasBegun ? undefined : session
  const update: SessionUpdateEvent | undefined = configuration && { type: 'session.update', event_id: ids('event'), session: configuration }
  const earlier = (goesOn?.items ?? []).map((item): ItemCreateEvent => ({ type: 'conversation.item.create', event_id: ids('event'), item }))
  // Nobody is greeted twice in one conversation.
  const greeting = persona && earlier.length === 0 ? greetingOf(persona, ids) : []
  return [...(update ? [update] : []), ...earlier, ...greeting].map(event => JSON.stringify(event))
}

/** A voice can't be named again once it was heard, and over WebRTC the talker may be quicker than the sideband. */
function personasUpdate(persona: Persona, brain: BrainDefaults, isHeard: boolean): SessionUpdate {
  const whole = sessionConfiguration(persona, brain)
  if (!isHeard) return whole
  const { voice: _settled, ...output } = whole.audio?.output ?? {}
  return { ...whole, audio: { ...whole.audio, output } }
}
