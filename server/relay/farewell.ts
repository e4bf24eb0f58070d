import type { Gate } from './gate.ts'
import type { RelayObserver } from './observer.ts'
import type { Relay } from './relay.ts'
import type { Ticker } from './ticker.ts'

/** From the moment that a call has to end, it takes at most so long. */
export const FAREWELL_MS = 5000
/** Between the arrival of sound and that it is heard. */
const PLAYOUT_MS = 400

/** A call that has to end and may say goodbye. */
export type Farewell
  /** What the model was saying is cancelled; it hasn't reported so yet. */
  = | { at: 'stopping', untilMs: number }
    | { at: 'speaking', untilMs: number, /** When all that has come was heard; undefined: nothing came. */ heardAtMs: number | undefined, done: boolean }
    | { at: 'over' }

export type FarewellInput
  = | { is: 'response_done' }
    | { is: 'audio', ms: number }
    /** WebRTC: the model's own buffer has begun to sound, or fell silent. */
    | { is: 'buffer', sounds: boolean }
    | { is: 'tick' }
export type FarewellEffect = 'cancel' | 'ask_goodbye' | 'end' | undefined

export function beginFarewell(isSpeaking: boolean, nowMs: number): [Farewell, FarewellEffect] {
  const untilMs = nowMs + FAREWELL_MS
  return isSpeaking ? [{ at: 'stopping', untilMs }, 'cancel'] : [{ at: 'speaking', untilMs, heardAtMs: undefined, done: false }, 'ask_goodbye']
}

/** Pure: ends when the goodbye was heard, when there will be none, or when the time is over. */
export function stepFarewell(farewell: Farewell, input: FarewellInput, nowMs: number): [Farewell, FarewellEffect] {
  if (farewell.at === 'over') return [farewell, undefined]
  if (nowMs >= farewell.untilMs) return [{ at: 'over' }, 'end']
  if (farewell.at === 'stopping') {
    return input.is === 'response_done' ? [{ at: 'speaking', untilMs: farewell.untilMs, heardAtMs: undefined, done: false }, 'ask_goodbye'] : [farewell, undefined]
  }
  const next = speaking(farewell, input, nowMs)
  return next.done && nowMs >= (next.heardAtMs ?? nowMs) ? [{ at: 'over' }, 'end'] : [next, undefined]
}

function speaking(farewell: Extract<Farewell, { at: 'speaking' }>, input: FarewellInput, nowMs: number): Extract<Farewell, { at: 'speaking' }> {
  switch (input.is) {
    case 'audio': return { ...farewell, heardAtMs: Math.max(farewell.heardAtMs ?? 0, nowMs + PLAYOUT_MS) + input.ms }
    case 'buffer': return { ...farewell, heardAtMs: input.sounds ? Infinity : nowMs + PLAYOUT_MS }
    case 'response_done': return { ...farewell, done: true }
    case 'tick': return farewell
    default: return input satisfies never
  }
}

const AUDIO = 'response.output_audio.delta'
/** Over WebRTC the model plays its own answers, and tells of it. */
const BUFFER: Readonly<Record<string, boolean>> = { 'output_audio_buffer.started': true, 'output_audio_buffer.stopped': false, 'output_audio_buffer.cleared': false }
/** PCM16 at 24 kHz in base64: what the server's own sessions speak. */
const WIRE_BYTES_PER_MS = 48 * 4 / 3
/** A goodbye of one sentence: about four seconds of voice at 20 tokens a second, and its words. */
const GOODBYE_TOKENS = 140
const GOODBYE = 'This call has to end now. Say goodbye in one short, friendly sentence, in the language of the conversation. Ask nothing and promise nothing.'

const ending = {
  type: 'invalid_request_error', code: 'call_ending', param: null, event_id: null, message: 'The call is ending, so nothing new can begin. Start again to go on talking.',
}

export interface FarewellDesk {
  /** Looks on at the relay, for sound and ends of responses. */
  observer: RelayObserver
  /** What a client says is refused from the farewell on, but for its open microphone. */
  guard(gate: Gate): Gate
  /** Says goodbye, then `end`s. Once; no effect later. */
  begin(relay: Relay, end: () => void): void
  /** The call is over, however. */
  stop(): void
}

export interface FarewellOptions { nowMs(): number, ticker: Pick<Ticker, 'each'>, ids: (prefix: string) => string }

/** Carries out the farewell of one call. */
export function createFarewell({ nowMs, ticker, ids }: FarewellOptions): FarewellDesk {
  let state: Farewell | undefined
  let act: (effect: FarewellEffect) => void = () => {}
  let isAnswering = () => false
  let sounds = false
  let unwatch = () => {}

  function step(input: FarewellInput) {
    if (!state) return
    const [next, effect] = stepFarewell(state, input, nowMs())
    state = next
    act(effect)
  }

  function tellTo(relay: Relay) {
    return (event: object) => relay.tell(JSON.stringify({ event_id: ids('event'), ...event }))
  }

  function begin(relay: Relay, end: () => void) {
    if (state) return
    const tell = tellTo(relay)
    isAnswering = () => relay.openResponses.length > 0
    act = effect => {
      if (effect === 'cancel') for (const id of relay.openResponses) tell({ type: 'response.cancel', response_id: id })
      // The goodbye would have to wait behind what the model has said, but nobody has heard yet.
      if (sounds && (effect === 'cancel' || effect === 'ask_goodbye')) tell({ type: 'output_audio_buffer.clear' })
      if (effect === 'ask_goodbye') tell({ type: 'response.create', response: { instructions: GOODBYE, max_output_tokens: GOODBYE_TOKENS, tool_choice: 'none' } })
      if (effect === 'end') end()
    }
    tell({ type: 'session.update', session: { type: 'realtime', audio: { input: { turn_detection: null } } } })
    unwatch = ticker.each(() => step({ is: 'tick' }))
    const [first, effect] = beginFarewell(relay.openResponses.length > 0, nowMs())
    state = first
    act(effect)
  }

  return {
    begin,
    stop() {
      unwatch()
      state = { at: 'over' }
    },
    observer: {
      serverEvent(event) {
        if (event.type === 'response.done' && !isAnswering()) step({ is: 'response_done' })
        const buffer = BUFFER[event.type]
        if (buffer === undefined) return
        sounds = buffer
        if (sounds || (state?.at === 'speaking' && state.heardAtMs !== undefined)) step({ is: 'buffer', sounds })
      },
      passed(type, bytes) { if (state && type === AUDIO) step({ is: 'audio', ms: bytes / WIRE_BYTES_PER_MS }) },
    },
    guard: gate => ({
      check(text, atMs) {
        const verdict = gate.check(text, atMs)
        return state && verdict.do === 'pass' && verdict.type !== 'input_audio_buffer.append' ? { do: 'refuse', error: ending, type: verdict.type } : verdict
      },
      serverEvent: event => gate.serverEvent(event),
    }),
  }
}
