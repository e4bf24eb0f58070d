/** One link of the chain, in the order in which the links came to be. */
export interface Link { id: string, afterId: string | null, callId: string }

/**
 * Items in the order of their chain, each directly after the one it names. Who names one that isn't there (deleted, or lost) stands where it
 * came to be; who names one that comes later waits for it; who stands in a loop is taken in the order of coming. Nothing is lost, and
 * nothing stands twice. Linear.
 * @param arrived distinct ids, in the order of arrival
 */
export function inChainOrder<L extends Link>(arrived: readonly L[]): L[] {
  const byId = new Map(arrived.map(link => [link.id, link]))
  const chain = createChain<L>()
  /** By the id they wait for. */
  const waiting = new Map<string, L[]>()
  const firstOfCall = new Map<string, string>()

  function settle(link: L, put: () => void) {
    put()
    if (!firstOfCall.has(link.callId)) firstOfCall.set(link.callId, link.id)
    // What waits for it, and what waits for that: a list of its own, because a chain may be long.
    const next = [link.id]
    for (let id = next.pop(); id !== undefined; id = next.pop()) {
      for (const late of waiting.get(id) ?? []) {
        chain.putAfter(late, id)
        next.push(late.id)
      }
      waiting.delete(id)
    }
  }

  function wait(link: L, afterId: string) {
    const others = waiting.get(afterId)
    if (others) others.push(link)
    else waiting.set(afterId, [link])
  }

  for (const link of arrived) {
    if (chain.has(link.id)) continue
    const { afterId } = link
    const first = firstOfCall.get(link.callId)
    if (afterId !== null && chain.has(afterId)) settle(link, () => chain.putAfter(link, afterId))
    else if (afterId !== null && byId.has(afterId)) wait(link, afterId)
    // A call that goes on with a conversation begins at its end.
    else if (afterId === null && first !== undefined) {
      settle(link, () => chain.putBefore(link, first))
      firstOfCall.set(link.callId, link.id)
    } else settle(link, () => chain.putLast(link))
  }
  for (const link of arrived) if (!chain.has(link.id)) settle(link, () => chain.putLast(link))
  return chain.list()
}

/** A list in which something can be put between two. */
function createChain<L extends Link>() {
  interface Node { link: L, before: Node | undefined, after: Node | undefined }
  const nodes = new Map<string, Node>()
  let head: Node | undefined
  let last: Node | undefined

  function put(link: L, before: Node | undefined, after: Node | undefined) {
    if (nodes.has(link.id)) return
    const node: Node = { link, before, after }
    nodes.set(link.id, node)
    if (before) before.after = node
    else head = node
    if (after) after.before = node
    else last = node
  }

  return {
    has: (id: string) => nodes.has(id),
    putAfter(link: L, id: string) { const before = nodes.get(id); put(link, before, before?.after) },
    putBefore(link: L, id: string) { const after = nodes.get(id); put(link, after?.before, after) },
    putLast(link: L) { put(link, last, undefined) },
    list() {
      const links: L[] = []
      for (let node = head; node; node = node.after) links.push(node.link)
      return links
    },
  }
}
