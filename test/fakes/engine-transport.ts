import { createEngine } from '@kaiwa/engine'
import type { Clock, Engine, EngineSession, Stages } from '@kaiwa/engine'
import type { ClientEvent } from '@kaiwa/protocol'
import type { Transport, TransportState } from '../../app/voice/transport.ts'

/** A line straight to the engine, without a server in between. Messages take a turn of the event loop each way. */
export interface EngineTransport extends Transport {
  readonly sent: ClientEvent[]
  readonly isClosed: boolean
}

export function engineOf(stages: Stages, clock: Clock): Engine {
  let count = 0
  return createEngine({ stages, clock, ids: prefix => `${prefix}_${String(++count).padStart(21, '0')}` })
}

export function createEngineTransport(engine: Engine): EngineTransport {
  const events = new Set<(text: string) => void>()
  const states = new Set<(state: TransportState) => void>()
  const sent: ClientEvent[] = []
  let session: EngineSession | undefined
  let closed = false
  const report = (state: TransportState) => { if (!closed) for (const listener of states) listener(state) }

  setImmediate(() => {
    if (closed) return
    report({ phase: 'open' })
    session = engine.openSession({
      send: text => { setImmediate(() => { if (!closed) for (const listener of events) listener(text) }) },
      close: (code, reason) => { setImmediate(() => report({ phase: 'closed', code, reason })) },
    }, { model: 'kaiwa-local' })
    // As our server does for its page.
    session.receive(JSON.stringify({ type: 'session.update', session: { type: 'realtime', audio: { input: { transcription: { model: 'any' } } } } }))
  })

  return {
    sent,
    send(event) {
      // Our server's own, which never reaches who answers.
      if (closed || !session || event.type === 'kaiwa.ack') return
      sent.push(event)
      setImmediate(() => session?.receive(JSON.stringify(event)))
    },
    onEvent(listener) { events.add(listener) },
    onState(listener) { states.add(listener) },
    close() {
      closed = true
      session?.close()
    },
    unsentBytes: 0,
    get isClosed() { return closed },
  }
}
