import { createConversationShelf } from '../history/conversation-shelf.ts'
import type { ConversationShelf, Shelf } from '../history/conversation-shelf.ts'
import { createHistoryClient } from '../history/history-client.ts'
import type { HistoryClient } from '../history/history-client.ts'

/** The list of kept conversations as Vue sees it. Asks for nothing by itself. */
export function useShelf(client: HistoryClient = createHistoryClient()): { keeper: ConversationShelf, shelf: Readonly<{ value: Shelf }> } {
  const keeper = createConversationShelf(client)
  const shelf = shallowRef(keeper.shelf)
  keeper.subscribe(next => { shelf.value = next })
  onScopeDispose(keeper.close)
  return { keeper, shelf }
}
