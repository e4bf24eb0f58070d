import { errorEvent } from '@kaiwa/protocol/errors'
import type { ServerError, ServerEventDraft } from '@kaiwa/protocol'
import type { SessionPort } from './engine.ts'

/** The session's way out: stamps the event id, and falls silent for good when the session is over. */
export interface Outlet {
  emit(event: ServerEventDraft): void
  /** An `error` event. */
  refuse(error: ServerError): void
  shut(): void
}

export function createOutlet({ port, ids }: { port: SessionPort, ids: (prefix: string) => string }): Outlet {
  let open = true

  function emit(event: ServerEventDraft): void {
    if (!open) return
    const { type, ...rest } = event
    try {
      port.send(JSON.stringify({ type, event_id: ids('event'), ...rest }))
    } catch {
      // A line that throws is a line that is gone; its owner closes the session.
      open = false
    }
  }

  return {
    emit,
    refuse: error => emit(errorEvent(error)),
    shut() { open = false },
  }
}
