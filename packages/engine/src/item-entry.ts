import { encodePcm16 } from '@kaiwa/audio'
import type { ContentPart, Item, ItemDraft, RealtimeSession, ServerError } from '@kaiwa/protocol'
import { wireError } from '@kaiwa/protocol/errors'
import { joinSamples } from './conversation.ts'
import type { Entry } from './conversation.ts'
import { createWireDecoder, pcm24k } from './wire-audio.ts'

/** What format a client's audio is in. */
export type ItemFormats = { [Way in 'input' | 'output']: Pick<RealtimeSession['audio'][Way], 'format'> }
const plainFormats: ItemFormats = { input: { format: pcm24k }, output: { format: pcm24k } }

export type CreatedEntry = { ok: true, entry: Entry, audio: Int16Array | undefined } | { ok: false, error: ServerError }

/** A client's item → an entry without its audio, and that audio. `param` of an error is relative to the item. */
export function createEntry(draft: ItemDraft, ids: (prefix: string) => string, { input, output } = plainFormats): CreatedEntry {
  // Whatever a client restores is over; one that was cut may say so.
  const status = draft.status === 'incomplete' ? 'incomplete' : 'completed'
  const item = { ...draft, id: draft.id ?? ids('item'), object: 'realtime.item', status } as Item
  if (item.type === 'function_call') return { ok: true, entry: bare({ ...item, call_id: item.call_id ?? ids('call') }), audio: undefined }
  if (item.type !== 'message') return { ok: true, entry: bare(item), audio: undefined }
  const pieces: Int16Array[] = []
  const words: string[] = []
  const content: ContentPart[] = []
  for (const [index, part] of (item.content as ContentPart[]).entries()) {
    if (part.type !== 'input_audio' && part.type !== 'output_audio') {
      content.push(part.type === 'input_image' && part.detail !== 'low' ? { ...part, detail: 'high' } : part)
      continue
    }
    const { format } = part.type === 'input_audio' ? input : output
    const samples = part.audio === undefined ? new Int16Array(0) : createWireDecoder(format).decode(part.audio)
    if (!samples) return { ok: false, error: wireError('invalid_value', `Invalid audio: expected base64 of ${format.type === 'audio/pcm' ? '16-bit samples' : format.type}.`, { param: `content[${index}].audio` }) }
    pieces.push(samples)
    if (part.transcript) words.push(part.transcript)
    content.push(part.type === 'input_audio' ? { type: 'input_audio', transcript: part.transcript ?? null } : { type: 'output_audio', transcript: part.transcript ?? '' })
  }
  const audio = joinSamples(pieces)
  return { ok: true, entry: { ...bare({ ...item, content } as Item), words: words.join(' ') }, audio: audio.length > 0 ? audio : undefined }
}

const bare = (item: Item): Entry => ({ item, words: '', clauses: [], cut: false })

/** What the input audio buffer becomes. */
export function committedEntry(id: string): Entry {
  return bare({ id, object: 'realtime.item', type: 'message', status: 'completed', role: 'user', content: [{ type: 'input_audio', transcript: null }] })
}

/** The recogniser's words, as the wire shows them. */
export function withTranscript(item: Item, transcript: string): Item {
  if (item.type !== 'message' || item.role !== 'user') return item
  const at = item.content.findIndex(part => part.type === 'input_audio')
  return { ...item, content: item.content.map((part, index) => index === at ? { ...part, transcript } as typeof part : part) }
}

/** The item with its audio, for `conversation.item.retrieved`. Audio that was let go for room is left out. */
export function retrievedItem(entry: Entry): Item {
  const { item, audio } = entry
  if (item.type !== 'message' || !audio || audio.samples.length === 0) return item
  const base64 = encodePcm16(joinSamples(audio.samples))
  const at = (item.content as ContentPart[]).findIndex(part => part.type === 'input_audio' || part.type === 'output_audio')
  return { ...item, content: (item.content as ContentPart[]).map((part, index) => index === at ? { ...part, audio: base64, format: 'pcm16' } : part) } as Item
}
