import type { ContinuedGrant } from '../../shared/history.ts'
import type { CallSnapshot } from './call.ts'

/** Which conversation the calls of a page belong to: asked for with each call, told with its grant. */
export interface CallConversation {
  /** What `POST /api/calls` is asked for. */
  asks(): { conversation_id?: string, after_item_id?: string }
  granted(grant: GrantedConversation): void
  /** The server won't have it. @returns true: ask again, for a new one */
  refused(): boolean
  /** The next call goes on with this one: from its end, or in a branch after an item. */
  goOn(conversationId: string, afterItemId?: string): void
  /** The call as it goes: what is asked for next depends on how it went. */
  follow(snapshot: Pick<CallSnapshot, 'state' | 'line'>): void
  readonly current: GrantedConversation | undefined
  subscribe(listener: (current: GrantedConversation | undefined) => void): () => void
}

export interface GrantedConversation { id: string, /** Undefined: it is a new one. */ continued: ContinuedGrant | undefined }

/** @param keeps there is something that a call could go on with */
export function createCallConversation(keeps: boolean): CallConversation {
  const listeners = new Set<(current: GrantedConversation | undefined) => void>()
  let wish: { conversation_id?: string, after_item_id?: string } = {}
  let current: GrantedConversation | undefined
  let up = false
  /** Our own wish to go on after a line was lost, not somebody's. */
  let retry: object | undefined

  return {
    asks: () => wish,
    granted(grant) {
      current = grant
      for (const listener of listeners) listener(current)
    },
    refused() {
      if (wish !== retry) return false
      wish = {}
      return true
    },
    goOn(conversationId, afterItemId) {
      wish = { conversation_id: conversationId, ...afterItemId === undefined ? {} : { after_item_id: afterItemId } }
    },
    follow({ state, line }) {
      if (!up && line) {
        up = true
        // Another way of the same call is told by the page what was said; asking for the same conversation would find it busy.
        wish = {}
      }
      if (!up || (state.name !== 'error' && state.name !== 'ended')) return
      up = false
      // Trying again after a line was lost is the same conversation; a call after one that ended is a new one.
      if (keeps && state.name === 'error' && current) retry = wish = { conversation_id: current.id }
    },
    get current() { return current },
    subscribe(listener) {
      listeners.add(listener)
      return () => { listeners.delete(listener) }
    },
  }
}
