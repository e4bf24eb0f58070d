import type { ServerEventFacts } from './gate.ts'

/** More at a time is no conversation: an upstream that begins them without end is believed up to here. */
const MAX_OPEN = 64

/** Which responses the model is at work on, and how many were asked for and not begun: what somebody will be charged for. */
export interface OpenResponses {
  readonly ids: readonly string[]
  /** Asked for by the client and neither begun nor refused. */
  readonly asked: number
  /** Nothing is being made. */
  readonly none: boolean
  clientEvent(type: string): void
  serverEvent(event: ServerEventFacts): void
}

export function createOpenResponses(): OpenResponses {
  const ids = new Set<string>()
  let asked = 0
  return {
    get ids() { return [...ids] },
    get asked() { return asked },
    get none() { return ids.size === 0 && asked === 0 },
    clientEvent(type) {
      if (type === 'response.create' && asked < MAX_OPEN) asked++
    },
    serverEvent(event) {
      switch (event.type) {
        case 'response.created': {
          const id = idOf(event)
          asked = Math.max(0, asked - 1)
          if (id !== undefined && ids.size < MAX_OPEN) ids.add(id)
          break
        }
        case 'response.done': {
          const id = idOf(event)
          if (id !== undefined) ids.delete(id)
          break
        }
        // It may be about anything; one too many only lengthens the end, by its bound.
        case 'error': asked = Math.max(0, asked - 1)
      }
    },
  }
}

function idOf({ response }: ServerEventFacts): string | undefined {
  const id = typeof response === 'object' && response !== null ? (response as { id?: unknown }).id : undefined
  return typeof id === 'string' ? id : undefined
}
