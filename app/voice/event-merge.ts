/** Ids of events that came; the other way brings the same within seconds. Full ⇒ the oldest is forgotten. */
const MAX_IDS = 2000
/** What the channel brings before the socket has come so far. Full ⇒ the channel isn't listened to: the socket brings everything. */
const MAX_HELD = 1000

/**
 * Events of one session that come over two ways. The socket brings all of them, the channel those since it opened, both in order: each is taken
 * once, in order, from the one that is first. What has no id is taken from the socket only.
 */
export interface EventMerge {
  fromSocket(text: string): void
  fromChannel(text: string): void
}

export function createEventMerge(take: (text: string) => void): EventMerge {
  const ids = new Set<string>()
  let held: { id: string, text: string }[] | 'over' | 'too_many' = []

  function takeNew(id: string, text: string) {
    if (ids.has(id)) return
    ids.add(id)
    for (const oldest of ids) {
      if (ids.size <= MAX_IDS) break
      ids.delete(oldest)
    }
    take(text)
  }

  return {
    fromSocket(text) {
      const id = idOf(text)
      if (id === undefined) return take(text)
      takeNew(id, text)
      // The socket has come to where the channel began: from here on neither lacks anything.
      if (!Array.isArray(held) || held[0]?.id !== id) return
      const waiting = held
      held = 'over'
      for (const event of waiting) takeNew(event.id, event.text)
    },
    fromChannel(text) {
      const id = idOf(text)
      if (id === undefined || held === 'too_many') return
      if (held === 'over') return takeNew(id, text)
      // The socket was here already.
      if (held.length === 0 && ids.has(id)) held = 'over'
      else if (held.length === MAX_HELD) held = 'too_many'
      else held.push({ id, text })
    },
  }
}

function idOf(text: string): string | undefined {
  try {
    const id: unknown = (JSON.parse(text) as { event_id?: unknown } | null)?.event_id
    return typeof id === 'string' ? id : undefined
  } catch {
    return undefined
  }
}
