import type { Store } from '../store/store.ts'
import { conversationOfKey, isAudioKey, type AudioKeeper } from './audio-keeper.ts'
import type { Drain } from './drain.ts'
import type { SetAside } from './set-aside.ts'
import type { Spool } from './spool.ts'

/** So long what is still in the spool may take to reach the store. */
const CAUGHT_UP_MS = 2000

/** Deletes for good: from the store, the spool, what was set aside, and the voices. All reject with `StoreError` where the store does. */
export interface Forgetting {
  /** False: it isn't there, or somebody else's. */
  conversation(owner: string, id: string): Promise<boolean>
  item(owner: string, id: string, itemId: string): Promise<boolean>
  everythingOf(owner: string): Promise<{ conversations: number }>
  /** Of conversations that the store deleted. */
  voices(audioKeys: readonly string[]): Promise<void>
}

export interface ForgettingOptions {
  store: Pick<Store, 'delete' | 'deleteItem' | 'deleteOwner'>
  spool: Pick<Spool, 'retire'>
  drain: Pick<Drain, 'caughtUp'>
  setAside: Pick<SetAside, 'forget'>
  audio: Pick<AudioKeeper, 'delete' | 'forget'>
  /** Calls that go on keep nothing more of what was deleted. */
  mute(is: { conversationId: string } | { owner: string }): readonly string[]
}

/**
 * The store remembers what it deleted, and passes over what comes of it later; so the spool is first drained into it, and then
 * holds nothing of it: a file that was drained is removed. Calls that go on are muted before, so nothing new comes.
 */
export function createForgetting({ store, spool, drain, setAside, audio, mute }: ForgettingOptions): Forgetting {
  async function cleared(isOf: (conversationId: string) => boolean) {
    await drain.caughtUp(CAUGHT_UP_MS)
    spool.retire()
    setAside.forget(isOf)
  }

  /** All of them, also what no row tells of. */
  async function voices(audioKeys: readonly string[], more: readonly string[] = []) {
    for (const id of new Set([...audioKeys.filter(isAudioKey).map(conversationOfKey), ...more])) await audio.forget(id)
  }

  return {
    async conversation(owner, id) {
      await drain.caughtUp(CAUGHT_UP_MS)
      const deleted = await store.delete(owner, id)
      if (!deleted) return false
      mute({ conversationId: id })
      await cleared(conversationId => conversationId === id)
      await voices(deleted.audioKeys, [id])
      return true
    },
    async item(owner, id, itemId) {
      await drain.caughtUp(CAUGHT_UP_MS)
      const deleted = await store.deleteItem(owner, id, itemId)
      if (!deleted) return false
      await cleared(() => false)
      await audio.delete(deleted.audioKeys)
      return true
    },
    async everythingOf(owner) {
      await drain.caughtUp(CAUGHT_UP_MS)
      const { conversations, audioKeys } = await store.deleteOwner(owner)
      const live = mute({ owner })
      await cleared(conversationId => live.includes(conversationId))
      await voices(audioKeys, live)
      return { conversations }
    },
    voices,
  }
}
