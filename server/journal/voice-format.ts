import type { ServerEventFacts } from '../relay/gate.ts'

/** How a voice is written on the wire (GA protocol, "Audio formats"), and kept. */
export interface VoiceFormat {
  /** Of a file of it: raw samples without a header. */
  ending: 'pcm' | 'ulaw' | 'alaw'
  sampleRate: number
  bytesPerSample: 1 | 2
}

export const pcm24k: VoiceFormat = { ending: 'pcm', sampleRate: 24_000, bytesPerSample: 2 }

export const bytesPerMs = ({ sampleRate, bytesPerSample }: VoiceFormat) => sampleRate * bytesPerSample / 1000

export const msOfBytes = (bytes: number, { sampleRate, bytesPerSample }: VoiceFormat) => bytes / bytesPerSample / sampleRate * 1000

/** What a session says of itself, as far as a journal has to know. */
export interface SessionFacts { input: VoiceFormat, output: VoiceFormat, transcribes: boolean, voice: string | undefined, model: string | undefined }

export const unknownSession: SessionFacts = { input: pcm24k, output: pcm24k, transcribes: false, voice: undefined, model: undefined }

/** After a `session.created` or `session.updated`; what isn't said stays. */
export function sessionAfter(before: SessionFacts, event: ServerEventFacts): SessionFacts {
  const session = objectAt(event, 'session')
  const input = objectAt(objectAt(session, 'audio'), 'input')
  const output = objectAt(objectAt(session, 'audio'), 'output')
  const text = (value: unknown) => typeof value === 'string' ? value : undefined
  return {
    input: formatOf(input?.format) ?? before.input,
    output: formatOf(output?.format) ?? before.output,
    transcribes: input && 'transcription' in input ? typeof input.transcription === 'object' && input.transcription !== null : before.transcribes,
    voice: text(output?.voice) ?? before.voice,
    model: text(session?.model) ?? before.model,
  }
}

export function objectAt(value: unknown, key: string): Record<string, unknown> | undefined {
  const found = typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined
  return typeof found === 'object' && found !== null ? found as Record<string, unknown> : undefined
}

function formatOf(format: unknown): VoiceFormat | undefined {
  const { type, rate } = (typeof format === 'object' && format !== null ? format : {}) as { type?: unknown, rate?: unknown }
  switch (type) {
    case 'audio/pcm': return typeof rate === 'number' && rate >= 8000 && rate <= 192_000 ? { ...pcm24k, sampleRate: rate } : pcm24k
    case 'audio/pcmu': return { ending: 'ulaw', sampleRate: 8000, bytesPerSample: 1 }
    case 'audio/pcma': return { ending: 'alaw', sampleRate: 8000, bytesPerSample: 1 }
    default: return undefined
  }
}
