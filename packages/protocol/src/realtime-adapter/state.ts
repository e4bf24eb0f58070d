import type { ClientEvent } from '../client-events.ts'
import type { Capabilities, DialogueEvent, MeterReading, NoiseReductionWish, Segment, TurnWish } from '../dialogue.ts'
import type { TurnDetection } from '../session-config.ts'

/** What the adapter remembers of one Realtime session. Immutable: every step makes a new one. */
export interface RealtimeAdapterState {
  readonly line: Line | null
  /** The transport carries the voices beside the events (WebRTC): the server knows what it sent, and cuts by itself. */
  readonly media: boolean
  /** The response whose voice the transport carries now. */
  readonly sounding: string | null
  /** Items seen, oldest first. Bound: `maxItems`; full ⇒ the oldest is forgotten (the page keeps its segment). */
  readonly items: ReadonlyMap<string, TrackedItem>
  /** The response of the default conversation that is being made: at most one. */
  readonly reply: Reply | null
  /** A `response.create` that nothing has answered yet. */
  readonly create: PendingCreate | null
  /** The last `response.create`: a `response.created` of the server's own may seem to answer it before its refusal comes. `retry`: then ask again. */
  readonly lastAsked: { eventId: string, retry: boolean } | null
  /** Another response is wanted as soon as none is active. One flag: requests made meanwhile are one request. */
  readonly replyWanted: boolean
  /** Responses outside the conversation, until they are done. Bound: `maxSideResponses`, oldest forgotten. */
  readonly sideResponses: readonly string[]
  /** Assistant items in the order their audio began, since the last silence. Bound: `maxVoiced`, oldest forgotten. */
  readonly voiced: readonly string[]
  /** Tool calls by response. Bound: `maxToolGroups`, oldest forgotten. */
  readonly toolGroups: ReadonlyMap<string, ToolGroup>
  /** The user's turn that the server hears now. */
  readonly speech: { itemId: string, startedAtMs: number } | null
  readonly turns: Turns
  readonly noise: NoiseReductionState
  /** We committed a turn under the server's turn detection: the coming `committed` wants a reply. */
  readonly turnEnded: boolean
  /** Audio appended since our last commit or clear. */
  readonly appendedMs: number
  readonly totals: Readonly<Record<MeterReading['unit'], number>>
  /** Number of the last client event id. */
  readonly sent: number
}

/** How turns are taken. `undefined`: not told yet. */
export interface Turns {
  /** By the session's own settings. */
  readonly opened: TurnDetection | null | undefined
  /** In force, as last told. */
  readonly told: TurnDetection | null | undefined
  /** A first `session.updated` came. */
  readonly settled: boolean
  readonly wish: TurnWish
  /** The server won't have the page's wishes. */
  readonly refused: boolean
  /** The page holds the user's turn: turn detection is off. */
  readonly held: boolean
  /** What we asked for last. */
  readonly last: { eventId: string, detection: TurnDetection | null, confirmed: boolean } | null
  readonly asked: readonly (TurnDetection | null)[]
}

/** How the other side takes noise out. `undefined`: not told, or not wished for. */
export interface NoiseReductionState {
  /** By the session's own settings. */
  readonly opened: NoiseReductionInForce | undefined
  readonly told: NoiseReductionInForce | undefined
  readonly wish: NoiseReductionInForce | undefined
  readonly asked: { eventId: string, wanted: NoiseReductionInForce } | null
  readonly refused: boolean
}

export type NoiseReductionInForce = Exclude<NoiseReductionWish, 'as_opened'>

export interface Line {
  sessionId: string
  model: string
  voice: string
  capabilities: Capabilities
  /** `null`: the page ends the user's turn. */
  detection: TurnDetection | null
  medium: Segment['medium']
}

export interface Reply {
  id: string
  medium: Segment['medium']
  /** We asked the server to stop it. */
  cancelledBy: 'barge_in' | 'user' | null
  /** Its audio is not wanted any more: what still arrives is dropped. */
  silenced: boolean
}

interface PendingCreate {
  eventId: string
  cancelledBy: Reply['cancelledBy']
}

export interface ToolGroup {
  announced: readonly string[]
  waiting: readonly string[]
  /** Whether its response is over, and whether answers to its calls want a next one. */
  response: 'active' | 'done' | 'stopped'
}

/** `hidden` items make no segment (system text, tools, what was deleted) but hold a place in the chain. */
type TrackedItem = TrackedSegment | { kind: 'hidden', previousId: string | null | undefined }

export interface TrackedSegment {
  kind: 'segment'
  segment: Segment
  /** As the server told it; `segment.afterId` is the nearest one of these that has a segment. */
  previousId: string | null | undefined
  /** Text by content index. */
  parts: readonly string[]
  responseId: string | null
  /** Set with the first audio delta. `delivered`: some went to the player. `dropped`: some came too late. */
  audio: { contentIndex: number, delivered: boolean, dropped: boolean, ended: boolean } | null
  /** A user's voice turn that is only announced yet (`speech_started`). */
  reserved: boolean
}

export const maxItems = 1000
/** Longest text of a segment; full ⇒ further deltas are dropped. An hour of speech has about 50,000 characters. */
export const maxSegmentChars = 100_000
export const maxContentParts = 16
export const maxSideResponses = 16
export const maxVoiced = 64
export const maxToolGroups = 16
export const maxCallsPerGroup = 32

/** `media`: the transport carries the voices. @default it doesn't */
export function createRealtimeAdapterState({ media = false }: { media?: boolean } = {}): RealtimeAdapterState {
  return {
    line: null,
    media,
    sounding: null,
    items: new Map(),
    reply: null,
    create: null,
    lastAsked: null,
    replyWanted: false,
    sideResponses: [],
    voiced: [],
    toolGroups: new Map(),
    speech: null,
    turns: { opened: undefined, told: undefined, settled: false, wish: {}, refused: false, held: false, last: null, asked: [] },
    noise: { opened: undefined, told: undefined, wish: undefined, asked: null, refused: false },
    turnEnded: false,
    appendedMs: 0,
    totals: { input_text_tokens: 0, input_audio_tokens: 0, cached_tokens: 0, output_text_tokens: 0, output_audio_tokens: 0, transcription_seconds: 0 },
    sent: 0,
  }
}

/** A response outside the conversation: it makes no segment. */
export function isSideResponse(state: RealtimeAdapterState, responseId: string): boolean {
  return state.sideResponses.includes(responseId)
}

/** One step of the machine while it is being worked out: local to one call of `receive` or `send`, so nobody sees it change. */
export interface Step { state: RealtimeAdapterState, events: DialogueEvent[], wire: ClientEvent[] }

export function beginStep(state: RealtimeAdapterState): Step {
  return { state, events: [], wire: [] }
}

export function change(step: Step, part: Partial<RealtimeAdapterState>): void {
  step.state = { ...step.state, ...part }
}

/** Sends a client event under an id of ours, which an `error` about it may name. Ids count up: nothing random here. */
export function transmit(step: Step, event: ClientEvent): string {
  const sent = step.state.sent + 1
  const eventId = `kaiwa_${sent}`
  change(step, { sent })
  step.wire.push({ ...event, event_id: eventId })
  return eventId
}

/** `list` with `value` at its end, at most `max` long. */
export function appendBounded<T>(list: readonly T[], value: T, max: number): readonly T[] {
  return [...list, value].slice(-max)
}

export function setBounded<V>(map: ReadonlyMap<string, V>, key: string, value: V, max: number): ReadonlyMap<string, V> {
  const next = new Map(map)
  next.set(key, value)
  for (const oldest of next.keys()) {
    if (next.size <= max) break
    next.delete(oldest)
  }
  return next
}
