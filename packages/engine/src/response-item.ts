import type { AudioFormat, Item, ServerEventDraft } from '@kaiwa/protocol'
import type { Conversation, Entry } from './conversation.ts'
import { truncateEntry, withStatus } from './conversation.ts'
import { SAMPLES_PER_MS } from './input-buffer.ts'
import type { OutputAudioBuffer, SpokenItem } from './output-audio-buffer.ts'
import type { OutputItem } from './response-output.ts'
import { assistantAudioTokens, createTextMeter } from './usage.ts'
import { createWireEncoder } from './wire-audio.ts'

export type Modality = 'audio' | 'text'

export interface ResponseItemOptions {
  emit: (event: ServerEventDraft) => void
  responseId: string
  itemId: string
  outputIndex: number
  modality: Modality
  /** Of the audio deltas. */
  format: AudioFormat
  /** `undefined`: out of band, no `conversation.item.*` events. */
  conversation: Conversation | undefined
  /** Takes the audio in place of deltas. */
  voice?: OutputAudioBuffer
}

/** A message that a response produces, and its events in the protocol's order ("Ordering"). */
export interface ResponseItem extends OutputItem {
  /** A stretch of words; in audio it precedes the audio that speaks it. */
  words(text: string): void
  audio(samples: Int16Array): void
  /** The tail: audio.done → transcript.done → content_part.done → conversation.item.done → output_item.done. */
  close(status: 'completed' | 'incomplete'): void
}

export function openResponseItem({ emit, responseId, itemId, outputIndex, modality, format, conversation, voice }: ResponseItemOptions): ResponseItem {
  const place = { response_id: responseId, item_id: itemId, output_index: outputIndex, content_index: 0 }
  const empty: Item = { id: itemId, object: 'realtime.item', type: 'message', status: 'in_progress', role: 'assistant', content: [] }
  const entry: Entry = { item: empty, words: '', clauses: [], cut: false }
  let text = ''
  let audioMs = 0
  const meter = createTextMeter()
  const spoken: SpokenItem = { cutAt }
  const wire = createWireEncoder(format)

  const part = (transcript: string) => modality === 'audio' ? { type: 'audio' as const, transcript } : { type: 'text' as const, text: transcript }
  const inConversation = () => conversation?.get(itemId) === entry

  emit({ type: 'response.output_item.added', response_id: responseId, output_index: outputIndex, item: empty })
  if (conversation) {
    conversation.insert(entry)
    emit({ type: 'conversation.item.added', previous_item_id: conversation.previousId(itemId), item: empty })
  }
  emit({ type: 'response.content_part.added', ...place, part: part('') })
  // Truncation asks for an audio part from the first delta on; the event above still shows the item as it began.
  if (modality === 'audio') entry.item = { ...empty, content: [{ type: 'output_audio', transcript: '' }] } as Item

  function words(delta: string): void {
    text += delta
    meter.add(delta)
    // An item that was cut while it grew keeps what was heard. Typed words are in the item itself.
    if (!entry.cut && modality === 'audio') entry.words = text
    if (modality === 'text') emit({ type: 'response.output_text.delta', ...place, delta })
    else {
      if (!entry.cut) entry.clauses.push({ text: delta, endMs: audioMs })
      emit({ type: 'response.output_audio_transcript.delta', ...place, delta })
    }
  }

  function audio(samples: Int16Array): void {
    if (!entry.cut) conversation?.keepAudio(entry, samples)
    audioMs += samples.length / SAMPLES_PER_MS
    const clause = entry.clauses.at(-1)
    if (clause) clause.endMs = audioMs
    if (voice) voice.play(responseId, spoken, samples)
    else sendAudio(wire.encode(samples))
  }

  /** The server's own truncation: the client plays what it gets and counts nothing. */
  function cutAt(audioEndMs: number): void {
    if (!inConversation()) return
    truncateEntry(entry, audioEndMs)
    emit({ type: 'conversation.item.truncated', item_id: itemId, content_index: 0, audio_end_ms: audioEndMs })
  }

  function sendAudio(delta: string): void {
    if (delta) emit({ type: 'response.output_audio.delta', ...place, delta })
  }

  function finalItem(status: 'completed' | 'incomplete'): Item {
    if (entry.cut) return withStatus(entry.item, status)
    const content = modality === 'audio' ? { type: 'output_audio' as const, transcript: text } : { type: 'output_text' as const, text }
    return { ...empty, status, content: [content] } as Item
  }

  return {
    entry,
    get tokens() { return { text: meter.tokens, audio: assistantAudioTokens(audioMs) } },
    words,
    audio,
    close(status) {
      entry.item = finalItem(status)
      if (status === 'incomplete') entry.cut = true
      if (modality === 'audio') {
        if (status === 'completed' && !voice) sendAudio(wire.rest())
        emit({ type: 'response.output_audio.done', ...place })
        emit({ type: 'response.output_audio_transcript.done', ...place, transcript: text })
      } else {
        emit({ type: 'response.output_text.done', ...place, text })
      }
      emit({ type: 'response.content_part.done', ...place, part: part(text) })
      if (inConversation()) emit({ type: 'conversation.item.done', previous_item_id: conversation!.previousId(itemId), item: entry.item })
      emit({ type: 'response.output_item.done', response_id: responseId, output_index: outputIndex, item: entry.item })
    },
  }
}
