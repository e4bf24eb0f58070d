import { itemOf } from '../journal/audio-message.ts'
import { createInputClock } from '../journal/input-clock.ts'
import { isAside } from '../journal/spoken-spans.ts'
import { objectAt, sessionAfter, unknownSession } from '../journal/voice-format.ts'
import type { WireText } from '../relay/link.ts'
import type { RelayObserver } from '../relay/observer.ts'
import type { TurnLatency } from '../store/journal-entry.ts'
import { createTurnClock } from './turn-clock.ts'

/** Times each spoken turn of one call, whether anything of it is kept or not. */
export interface TurnWatch {
  observer: RelayObserver
  /**
   * The page said just now that so much of this item was heard, so its first sound was that long ago. What the page can't know better than
   * we do is cut to what can be: nothing is heard before it was passed on.
   */
  heard(itemId: string, playedMs: number): void
  /** Once; a turn that nobody heard of is complete by then. */
  end(): void
}

export interface TurnWatchOptions {
  /** Monotonic. */
  nowMs(): number
  /** Called from within the observer's methods, `heard` or `end`. */
  onTurn(latency: TurnLatency): void
}

export function createTurnWatch({ nowMs, onTurn }: TurnWatchOptions): TurnWatch {
  const turns = createTurnClock()
  const beganAtMs = nowMs()
  const input = createInputClock(beganAtMs)
  const callMs = () => nowMs() - beganAtMs
  let session = unknownSession
  let arrivedAtMs = 0
  let responseId = ''
  /** The item that the answer begins with. */
  let itemId: string | undefined

  function tell(complete: readonly TurnLatency[]) {
    for (const latency of complete) onTurn(latency)
  }

  function began(event: object) {
    if (isAside(event)) return
    const id = objectAt(event, 'response')?.id
    responseId = typeof id === 'string' ? id : ''
    itemId = undefined
    tell(turns.responseBegan(responseId))
  }

  function done(event: object) {
    const id = objectAt(event, 'response')?.id
    if (typeof id === 'string') tell(turns.responseEnded(id))
  }

  function sounded(text: WireText) {
    const atMs = callMs()
    itemId = itemOf(text)
    turns.audio(atMs, atMs - arrivedAtMs)
  }

  const spokenAt = (audioMs: unknown) => typeof audioMs === 'number' && Number.isFinite(audioMs) ? input.at(audioMs) : undefined

  return {
    observer: {
      flows: input.follow,
      timed(from, tookMs) { if (from === 'client') turns.appended(tookMs) },
      arrived() { if (turns.awaitsAudio) arrivedAtMs = callMs() },
      serverEvent(event) {
        switch (event.type) {
          case 'session.created': case 'session.updated':
            session = sessionAfter(session, event)
            return input.speaks(session.input)
          case 'input_audio_buffer.speech_started': return tell(turns.speechStarted())
          case 'input_audio_buffer.speech_stopped': return turns.speechEnded(spokenAt(event.audio_end_ms) ?? callMs())
          case 'input_audio_buffer.committed': return turns.committed(callMs())
          case 'response.created': return began(event)
          // The sound itself goes another way, so none of the wait for it is ours.
          case 'output_audio_buffer.started': return turns.audio(callMs(), null)
          case 'response.done': return done(event)
          default:
        }
      },
      carried(from, type, text) {
        if (from === 'client') return
        if (turns.awaitsText && (type === 'response.output_audio_transcript.delta' || type === 'response.output_text.delta')) turns.text(callMs())
        if (turns.awaitsAudio && type === 'response.output_audio.delta') sounded(text)
      },
    },
    heard(id, playedMs) {
      // Of a voice that goes another way the page may know the response alone.
      if (itemId === undefined || id === itemId || id === responseId) tell(turns.heard(responseId, callMs() - playedMs))
    },
    end() { tell(turns.ended()) },
  }
}
