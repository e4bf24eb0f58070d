import type { RealtimeSession, ServerEventDraft } from '@kaiwa/protocol'
import type { Conversation, Entry } from './conversation.ts'
import type { Clock } from './engine.ts'
import { Abandoned } from './deadline.ts'
import { SAMPLES_PER_MS } from './input-buffer.ts'
import type { InputBuffer } from './input-buffer.ts'
import { committedEntry, withTranscript } from './item-entry.ts'
import { createRecognition } from './recognition.ts'
import type { Recognition } from './recognition.ts'
import { StageError } from './stages.ts'
import type { Transcriber } from './stages.ts'

export interface UserTurnsOptions {
  transcriber: Transcriber | undefined
  clock: Clock
  ids: (prefix: string) => string
  buffer: InputBuffer
  conversation: Conversation
  session: () => RealtimeSession
  emit: (event: ServerEventDraft) => void
  onFault: (fault: StageError) => void
}

/** The user's audio on its way to items and words. */
export interface UserTurns {
  /** Id of the future item of the turn that is being spoken. */
  readonly itemId: string | undefined
  /** Words of that turn. */
  readonly partial: string
  /** A turn begins at this position of the input buffer; returns the id of its future item. */
  begin(from: number): string
  /** More of the buffer belongs to the turn. */
  feed(to: number): void
  /** Forget the turn. */
  discard(): void
  /** `[from, to)` of the buffer becomes an item, with the id promised at `begin` if there was one. */
  commit(from: number, to: number): void
  /** The same for a stretch in which nobody spoke: there are no words to look for. */
  commitSilence(from: number, to: number): void
  /** Recognises audio that came with an item. */
  recognise(entry: Entry, audio: Int16Array): void
  close(): void
}

interface OpenTurn { itemId: string, recognition: Recognition | undefined, deltas: TranscriptDeltas }

export function createUserTurns(options: UserTurnsOptions): UserTurns {
  const { transcriber, clock, ids, buffer, conversation, session, emit } = options
  const recognising = new Set<Recognition>()
  let turn: OpenTurn | undefined
  let closed = false

  function open(itemId: string, from: number): OpenTurn {
    const deltas = createTranscriptDeltas(itemId, event => { if (session().audio.input.transcription) emit(event) })
    const { language, prompt } = session().audio.input.transcription ?? {}
    const recognition = transcriber && createRecognition({ transcriber, clock, from, language, prompt, onPartial: deltas.update })
    return { itemId, recognition, deltas }
  }

  function discard(): void {
    turn?.recognition?.cancel()
    turn = undefined
  }

  /** The turn's own recognition if it covers the range, else a new one over all of it. */
  function takeTurn(from: number): OpenTurn {
    const itemId = turn?.itemId ?? ids('item')
    const fits = turn && turn.recognition?.from === from
    const taken = fits ? turn! : open(itemId, from)
    if (!fits) turn?.recognition?.cancel()
    turn = undefined
    return taken
  }

  async function settle(entry: Entry, { recognition, deltas }: OpenTurn, audio: Int16Array): Promise<void> {
    if (!recognition) {
      if (!transcriber) deltas.failed('transcription_unavailable', 'This machine has no speech recognition; the audio was kept without its words.')
      return
    }
    recognising.add(recognition)
    try {
      const { text } = await recognition.finish(audio)
      entry.words = text.trim()
      if (session().audio.input.transcription) entry.item = withTranscript(entry.item, entry.words)
      deltas.completed(entry.words, audio.length / SAMPLES_PER_MS / 1000)
    } catch (cause) {
      if (closed || !(cause instanceof StageError) || cause.cause instanceof Abandoned) return
      options.onFault(cause)
      deltas.failed('transcription_failed', cause.message)
    } finally {
      recognising.delete(recognition)
    }
  }

  /** The item's way into the conversation. */
  function place(entry: Entry, audio: Int16Array, to: number): Entry {
    const previousId = conversation.lastId
    const { item } = entry
    buffer.dropBefore(to)
    conversation.insert(entry)
    conversation.keepAudio(entry, audio)
    emit({ type: 'input_audio_buffer.committed', previous_item_id: previousId, item_id: item.id })
    emit({ type: 'conversation.item.added', previous_item_id: previousId, item })
    emit({ type: 'conversation.item.done', previous_item_id: previousId, item })
    return entry
  }

  return {
    get itemId() { return turn?.itemId },
    get partial() { return turn?.recognition?.partial ?? '' },
    begin(from) {
      discard()
      turn = open(ids('item'), from)
      return turn.itemId
    },
    feed: to => turn?.recognition?.feed(buffer, to),
    discard,
    commit(from, to) {
      const audio = buffer.read(from, to)
      const taken = takeTurn(from)
      const entry = place(committedEntry(taken.itemId), audio, to)
      taken.deltas.release()
      entry.heard = settle(entry, taken, audio)
    },
    commitSilence(from, to) {
      const { itemId, recognition, deltas } = takeTurn(from)
      recognition?.cancel()
      const entry = place({ ...committedEntry(itemId), silent: true }, buffer.read(from, to), to)
      if (session().audio.input.transcription) entry.item = withTranscript(entry.item, '')
      deltas.completed('', Math.max(0, to - from) / SAMPLES_PER_MS / 1000)
    },
    recognise(entry, audio) {
      const opened = open(entry.item.id, 0)
      opened.deltas.release()
      entry.heard = settle(entry, opened, audio)
    },
    close() {
      closed = true
      discard()
      for (const recognition of recognising) recognition.cancel()
    },
  }
}

interface TranscriptDeltas {
  update(words: string): void
  /** The item exists on the wire: deltas may follow. */
  release(): void
  completed(transcript: string, seconds: number): void
  failed(code: string, message: string): void
}

/**
 * Transcription events of one item. Recognisers revise their partial words, the wire only appends: a delta is what came
 * after the words already sent, and only while those still stand; `completed` has the last word.
 */
function createTranscriptDeltas(itemId: string, emit: (event: ServerEventDraft) => void): TranscriptDeltas {
  const place = { item_id: itemId, content_index: 0 }
  let sent = ''
  let latest = ''
  let released = false

  function flush(): void {
    if (!released || latest === sent || !latest.startsWith(sent)) return
    emit({ type: 'conversation.item.input_audio_transcription.delta', ...place, delta: latest.slice(sent.length) })
    sent = latest
  }

  return {
    update(words) {
      latest = words
      flush()
    },
    release() {
      released = true
      flush()
    },
    completed(transcript, seconds) {
      latest = transcript
      flush()
      emit({ type: 'conversation.item.input_audio_transcription.completed', ...place, transcript, usage: { type: 'duration', seconds: Math.ceil(seconds * 10) / 10 } })
    },
    failed(code, message) {
      emit({ type: 'conversation.item.input_audio_transcription.failed', ...place, error: { type: 'transcription_error', code, message } })
    },
  }
}
