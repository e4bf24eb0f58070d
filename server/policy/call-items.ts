import type { ServerEventFacts } from '../relay/gate.ts'

/** Ids remembered for one call, as many as the engine keeps items. Full ⇒ the oldest is forgotten, and can't be touched any more. */
export const MAX_CALL_ITEMS = 4000
/** An upstream's ids are about 30 letters. Longer ⇒ not remembered. */
const MAX_ID_CHARS = 128

/** The items of one call that its page may touch: what the model's side told of, and what the page itself created. */
export interface CallItems {
  /** May be named in an event. */
  has(id: string): boolean
  /** The model's side has it. */
  exists(id: string): boolean
  /** The page creates it: it may be named from now on, though nobody has confirmed it. */
  asked(id: string): void
  learn(event: ServerEventFacts): void
}

export function createCallItems(maxItems = MAX_CALL_ITEMS): CallItems {
  const items = new Map<string, 'asked' | 'there'>()

  function put(id: unknown, state: 'asked' | 'there') {
    if (typeof id !== 'string' || id === '' || id.length > MAX_ID_CHARS) return
    items.set(id, state)
    for (const oldest of items.keys()) {
      if (items.size <= maxItems) return
      items.delete(oldest)
    }
  }

  return {
    has: id => items.has(id),
    exists: id => items.get(id) === 'there',
    asked(id) { if (!items.has(id)) put(id, 'asked') },
    learn({ type, item, item_id: itemId }) {
      switch (type) {
        case 'conversation.item.added':
        case 'conversation.item.created':
        case 'conversation.item.done':
        case 'response.output_item.added':
        case 'response.output_item.done': {
          const { id, role } = (typeof item === 'object' && item !== null ? item : {}) as { id?: unknown, role?: unknown }
          // The server's own word to the model is not the page's to take back.
          return role === 'system' ? undefined : put(id, 'there')
        }
        case 'input_audio_buffer.committed': return put(itemId, 'there')
        case 'conversation.item.deleted': return typeof itemId === 'string' ? void items.delete(itemId) : undefined
      }
    },
  }
}
