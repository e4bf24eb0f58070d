/** Ids of events that came; the other way brings the same within seconds. Full ⇒ the oldest is forgotten. */
const MAX_IDS = 2000

/**
 * Events that come over two ways, each taken once: the first to arrive counts. Both bring them in order, so what is taken is in order.
 * What has no id is taken as it comes.
 */
export function createEventOnce(take: (text: string) => void): (text: string) => void {
  const ids = new Set<string>()
  return text => {
    const id = idOf(text)
    if (id !== undefined && ids.has(id)) return
    if (id !== undefined) ids.add(id)
    for (const oldest of ids) {
      if (ids.size <= MAX_IDS) break
      ids.delete(oldest)
    }
    take(text)
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
