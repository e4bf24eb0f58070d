import type { SessionUpdate, SessionUpdateEvent } from '@kaiwa/protocol'
import { serverVadDefaults } from '@kaiwa/protocol'
import type { BrainSettings } from '../config/settings.ts'
import type { CallStart } from './calls.ts'

/** Who the talker meets unless the operator says otherwise. */
export const defaultInstructions = [
  'You are Kaiwa, a warm and attentive partner in a spoken conversation.',
  'Answer in the language the person speaks. Keep answers short, as one talks: two or three sentences, then let them speak.',
  'Your words are spoken aloud: no lists, headings, emoji, links or code unless asked, and numbers and signs as they are said.',
  'If you did not understand, say so and ask; never pretend. If you are interrupted, go on from what the person says.',
].join(' ')

/** Transcribes what the talker said, for the page: the older `gpt-4o-*-transcribe` are retired in February 2027; Azure offers `whisper-1`. */
const transcriptionModels: Record<BrainSettings['kind'], string | undefined> = { openai: 'gpt-transcribe', azure: 'whisper-1', local: undefined }

/** The server's own configuration of a page's session: whole, so that nothing hangs on an upstream's defaults. */
export function sessionConfiguration({ kind, voice }: BrainSettings): SessionUpdate {
  const model = transcriptionModels[kind]
  return {
    type: 'realtime',
    output_modalities: ['audio'],
    instructions: defaultInstructions,
    audio: {
      input: {
        format: { type: 'audio/pcm', rate: 24000 },
        transcription: model === undefined ? {} : { model },
        turn_detection: { ...serverVadDefaults },
      },
      output: { format: { type: 'audio/pcm', rate: 24000 }, voice },
    },
  }
}

/** What the brain hears before anything of the client: the page's configuration, or an ephemeral secret's, with which the engine has begun already. */
export function openingEvents(brain: BrainSettings, { from, session }: Pick<CallStart, 'from' | 'session'>, ids: (prefix: string) => string): string[] {
  const opening = from === 'page' ? sessionConfiguration(brain) : brain.kind === 'local' ? undefined : session
  return opening ? [JSON.stringify({ type: 'session.update', event_id: ids('event'), session: opening } satisfies SessionUpdateEvent)] : []
}
