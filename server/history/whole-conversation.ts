import type { Store, StoredCall, StoredConversation } from '../store/store.ts'

export type ChainItem = StoredConversation['itemsOf'][number] & { /** The conversation that it belongs to. */ of: string }
export type ChainCall = StoredCall & { of: string }

/** A conversation, and of those that it came from what it has of them. */
export interface WholeConversation {
  own: StoredConversation
  /** In order, what was inherited first. */
  items: ChainItem[]
  /** Those in which any of the items were said. */
  calls: ChainCall[]
  /** The last one that it has from its origin; null: no branch, or the origin is gone. */
  branchedAfter: string | null
}

/** Branches of branches. Deeper ⇒ what lies before isn't shown. */
const MAX_BRANCHES = 16

/** Undefined: it isn't there, or somebody else's. Each step asks as its owner. @throws StoreError */
export async function readWhole(store: Pick<Store, 'get'>, owner: string, id: string): Promise<WholeConversation | undefined> {
  const own = await store.get(owner, id)
  if (!own) return undefined
  let items = own.itemsOf.map(item => ({ ...item, of: own.id }))
  let calls = own.callsOf.map(call => ({ ...call, of: own.id }))
  let branchedAfter: string | null = null
  let { branchOf } = own
  const seen = new Set([own.id])
  for (let depth = 0; depth < MAX_BRANCHES && branchOf?.afterItemId != null && !seen.has(branchOf.conversationId); depth++) {
    const { conversationId, afterItemId } = branchOf
    seen.add(conversationId)
    const origin = await store.get(owner, conversationId)
    const last = origin?.itemsOf.findIndex(item => item.id === afterItemId) ?? -1
    if (!origin || last < 0) break
    branchedAfter ??= afterItemId
    items = [...origin.itemsOf.slice(0, last + 1).map(item => ({ ...item, of: origin.id })), ...items]
    calls = [...origin.callsOf.map(call => ({ ...call, of: origin.id })), ...calls]
    branchOf = origin.branchOf
  }
  const said = new Set(items.map(({ callId }) => callId))
  return { own, items, calls: calls.filter(call => call.of === own.id || said.has(call.id)), branchedAfter }
}
