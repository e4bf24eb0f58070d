import type { ServerEventDraft } from '@kaiwa/protocol'
import { SAMPLES_PER_MS } from './input-buffer.ts'

/**
 * Where a session's voice goes when it isn't among its events: a track that is sent in real time, as over WebRTC. What was sent is told
 * to the session (`EngineSession.sent`).
 */
export interface VoiceTrack {
  /** More to send, PCM16 at 24 kHz, after all that came before. */
  play(samples: Int16Array): void
  /** What wasn't sent yet is dropped, and the track counts from nothing again. */
  clear(): void
}

/** An item that is being spoken; the buffer knows it by identity. */
export interface SpokenItem {
  /** The user heard no more of it than this. */
  cutAt(audioEndMs: number): void
}

/**
 * The API's output audio buffer: what was made of the answers and not sent yet. One answer is sent after the other, in the order in which
 * their first sounds came. `leadMs` bounds it: who fills it waits (`pace.ts`).
 */
export interface OutputAudioBuffer {
  play(responseId: string, item: SpokenItem, samples: Int16Array): void
  /** `response.done` went out: nothing more comes of it. */
  done(responseId: string): void
  /** So much of what the track got since its last `clear` was sent, in samples. */
  sent(samples: number): void
  /** How long it takes until this response's audio, as far as it was made, is sent. */
  leadMs(responseId: string): number
  /** Somebody interrupts: what wasn't sent is dropped, and its items end where they were heard. */
  clear(): void
}

interface Answer {
  id: string
  /** How much of which item there is, in order. */
  items: { item: SpokenItem, samples: number }[]
  /** Made while another answer is being sent. */
  waiting: Int16Array[]
  waitingSamples: number
  started: boolean
  done: boolean
}

export function createOutputAudioBuffer({ track, emit }: { track: VoiceTrack, emit: (event: ServerEventDraft) => void }): OutputAudioBuffer {
  /** The first one is being sent. As many as there are responses at a time, and some that are done and not sent: bounded by `leadMs`. */
  let answers: Answer[] = []
  /** Cut while they were being made: what still comes of them isn't wanted any more. At most as many as there are responses at a time. */
  const unwanted = new Set<string>()
  /** All of the first one, in samples: what the track got, and what of that was sent. */
  let given = 0
  let gone = 0
  /** Sent of what the track got since its last `clear`, when the first answer began. */
  let base = 0
  let total = 0

  function enter(id: string): Answer {
    const answer: Answer = { id, items: [], waiting: [], waitingSamples: 0, started: false, done: false }
    answers.push(answer)
    return answer
  }

  function give(samples: Int16Array): void {
    given += samples.length
    track.play(samples)
  }

  /** Goes on to the next answer when the first one is over. */
  function advance(): void {
    for (let first = answers[0]; first?.done && gone >= given; first = answers[0]) {
      if (first.started) emit({ type: 'output_audio_buffer.stopped', response_id: first.id })
      answers.shift()
      base += given
      given = 0
      gone = 0
      const next = answers[0]
      for (const samples of next?.waiting ?? []) give(samples)
      if (next) Object.assign(next, { waiting: [], waitingSamples: 0 })
    }
  }

  function cut(answer: Answer, heard: number): void {
    const made = answer.items.reduce((sum, { samples }) => sum + samples, 0)
    if (heard >= made && answer.done) return
    if (!answer.done) unwanted.add(answer.id)
    emit({ type: 'output_audio_buffer.cleared', response_id: answer.id })
    let left = heard
    for (const { item, samples } of answer.items) {
      if (left < samples) item.cutAt(Math.floor(left / SAMPLES_PER_MS))
      left = Math.max(0, left - samples)
    }
  }

  return {
    play(responseId, item, samples) {
      if (unwanted.has(responseId)) return
      const answer = answers.find(({ id }) => id === responseId) ?? enter(responseId)
      const last = answer.items.at(-1)
      if (last?.item === item) last.samples += samples.length
      else answer.items.push({ item, samples: samples.length })
      if (answer === answers[0]) return give(samples)
      answer.waiting.push(samples)
      answer.waitingSamples += samples.length
    },
    done(responseId) {
      unwanted.delete(responseId)
      const answer = answers.find(({ id }) => id === responseId)
      if (!answer) return
      answer.done = true
      advance()
    },
    sent(samples) {
      total = Math.max(total, samples)
      gone = Math.min(given, Math.max(gone, total - base))
      const first = answers[0]
      if (first && !first.started && gone > 0) {
        first.started = true
        emit({ type: 'output_audio_buffer.started', response_id: first.id })
      }
      advance()
    },
    leadMs(responseId) {
      const at = answers.findIndex(({ id }) => id === responseId)
      if (at < 0) return 0
      return answers.slice(0, at + 1).reduce((sum, { waitingSamples }) => sum + waitingSamples, given - gone) / SAMPLES_PER_MS
    },
    clear() {
      if (answers.length === 0) return
      const [heard, cleared] = [gone, answers]
      track.clear()
      given = gone = base = total = 0
      answers = []
      cleared.forEach((answer, at) => cut(answer, at === 0 ? heard : 0))
    },
  }
}
