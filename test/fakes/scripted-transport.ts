import type { ClientEvent } from '@kaiwa/protocol'
import type { KaiwaAckEvent } from '../../shared/calls.ts'
import type { Transport, TransportMedia, TransportState, WayFault } from '../../app/voice/transport.ts'

/** A transport whose other end is the test. */
export interface ScriptedTransport extends Transport {
  /** What the page sent to the model, audio included. */
  readonly sent: ClientEvent[]
  /** What it reported to its own server. */
  readonly acks: KaiwaAckEvent[]
  sentOf<T extends ClientEvent['type']>(type: T): Extract<ClientEvent, { type: T }>[]
  /** The line is up; no event yet. */
  accept(): void
  /** One server event. */
  serve(event: { type: string } & Record<string, unknown>): void
  serveText(text: string): void
  /** The other side closes, or refuses. */
  drop(code: number, reason?: string, detail?: string, more?: { way?: WayFault, silentMs?: number }): void
  /** The way is lost, and another that carries events only is on its way. */
  move(silentMs: number): void
  unsentBytes: number
  /** What is carried as media, where it is. */
  readonly carried: MediaStreamTrack | undefined
  speak(voice: MediaStream): void
  readonly isOpen: boolean
  readonly isClosed: boolean
}

/** `media`: it carries the voices itself. @default events do */
export function createScriptedTransport({ media = false } = {}): ScriptedTransport {
  const events = new Set<(text: string) => void>()
  const states = new Set<(state: TransportState) => void>()
  const sent: ClientEvent[] = []
  const acks: KaiwaAckEvent[] = []
  let phase: 'connecting' | 'open' | 'closed' = 'connecting'
  let eventCount = 0
  let carries = media
  let carried: MediaStreamTrack | undefined
  let onVoice: (voice: MediaStream) => void = () => {}
  const network = { roundTripMs: 38, bufferedMs: 60 }
  const ofMedia: TransportMedia = { network, setMicrophone: track => { carried = track }, onVoice: listener => { onVoice = listener } }
  const report = (state: TransportState) => { for (const listener of states) listener(state) }

  return {
    sent,
    acks,
    sentOf: type => sent.filter((event): event is never => event.type === type),
    send(event) {
      if (phase !== 'open') return
      if (event.type === 'kaiwa.ack') acks.push(event)
      else sent.push(event)
    },
    onEvent(listener) { events.add(listener) },
    onState(listener) { states.add(listener) },
    close() { phase = 'closed' },
    accept() {
      if (phase !== 'connecting') return
      phase = 'open'
      report({ phase: 'open' })
    },
    serve(event) { this.serveText(JSON.stringify({ event_id: `event_${++eventCount}`, ...event })) },
    serveText(text) { if (phase === 'open') for (const listener of events) listener(text) },
    drop(code, reason = '', detail, more = {}) {
      if (phase === 'closed') return
      phase = 'closed'
      report({ phase: 'closed', code, reason, ...(detail === undefined ? {} : { detail }), ...more })
    },
    move(silentMs) {
      phase = 'connecting'
      carries = false
      report({ phase: 'moving', silentMs })
    },
    unsentBytes: 0,
    get media() { return carries ? ofMedia : undefined },
    get route() { return carries ? { kind: 'webrtc' } as const : { kind: 'websocket', ...media ? { instead: 'lost' as const } : {} } as const },
    get carried() { return carried },
    speak: voice => onVoice(voice),
    get isOpen() { return phase === 'open' },
    get isClosed() { return phase === 'closed' },
  }
}
