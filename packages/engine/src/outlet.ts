import type { ErrorContext, WireErrorCode } from '@kaiwa/protocol/errors'
import { errorEvent, wireError } from '@kaiwa/protocol/errors'
import type { ServerError, ServerEventDraft } from '@kaiwa/protocol'
import type { SessionPort } from './engine.ts'

/** The session's way out: stamps the event id, and falls silent for good when the session is over. */
export interface Outlet {
  emit(event: ServerEventDraft): void
  /** Answers the client event that is being handled. */
  refuse(error: ServerError): void
  fail(code: WireErrorCode, message: string, context?: ErrorContext): void
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

  const refuse = (error: ServerError) => emit(errorEvent(error))
  return {
    emit,
    refuse,
    fail: (code, message, context) => refuse(wireError(code, message, context)),
    shut() { open = false },
  }
}
