import { describe, expect, it } from 'vitest'
import { aCall, aConversation, NOON_MS } from '../store-entries.ts'
import type { StoreScene } from '../describe-store.ts'
import type { Tables } from '../../../server/store/tables.ts'

const DAY_MS = 86_400_000

export function deletionContract(scene: StoreScene): void {
  const full = (id: string, owner: string, atMs = NOON_MS) => aCall(`call_of_${id}`, id, atMs).begin(owner, { persona: { id: 'p', name: 'P', version: `v_${id}`, body: '{}' } })
    .item(`${id}_a`, null, 'Peculiar question').item(`${id}_b`, `${id}_a`, 'Unmistakable answer').item(`${id}_c`, `${id}_b`, 'Third')
    .response(`${id}_r`, 0.5).latency(`${id}_r`, 100).event(`{"item_id":"${id}_b","transcript":"Unmistakable answer"}`).event('{"type":"other"}').audio(`${id}_b`, `${id}_key`).end().entries
  async function rowsOf(table: keyof Tables) {
    const database = scene.database()
    const { n } = await database.db.selectFrom(table).select(eb => eb.fn.countAll<number>().as('n')).executeTakeFirstOrThrow()
    return Number(n)
  }

  describe('deleting', () => {
    it('leaves nothing of a conversation but its id, and tells which files are to go', async () => {
      await scene.store.write([...full('conv_1', 'ann'), ...full('conv_2', 'ann')])
      expect(await scene.store.delete('ann', 'conv_1')).toEqual({ audioKeys: ['conv_1_key'] })
      expect(await scene.store.delete('ann', 'conv_1')).toBeUndefined()
      expect(await scene.store.get('ann', 'conv_1')).toBeUndefined()
      expect((await scene.store.list('ann', { query: 'peculiar', limit: 10 })).entries.map(({ id }) => id)).toEqual(['conv_2'])
      for (const [table, rows] of [['conversations', 1], ['calls', 1], ['items', 3], ['search_docs', 3], ['responses', 1], ['latencies', 1], ['events', 2], ['audio', 1], ['persona_versions', 1]] as const) {
        expect([table, await rowsOf(table)]).toEqual([table, rows])
      }
    })

    it('what is written of it afterwards is ignored, old entries and new calls alike', async () => {
      const entries = full('conv_1', 'ann')
      await scene.store.write(entries.slice(0, 3))
      await scene.store.delete('ann', 'conv_1')
      await scene.store.write(entries)
      await scene.store.write(aCall('call_2', 'conv_1', NOON_MS + 1000).begin('ann').item('x', null, 'Again').entries)
      expect(await scene.store.list('ann', { limit: 10 })).toEqual({ entries: [], next: null })
      expect(await rowsOf('items')).toBe(0)
    })

    it('a deletion and a write that meet leave all of it or nothing', async () => {
      const other = scene.another()
      for (let n = 0; n < 5; n++) {
        const entries = full(`conv_${n}`, 'ann')
        await scene.store.write(entries.slice(0, 2))
        await Promise.all([scene.store.delete('ann', `conv_${n}`), other.write(entries.slice(2)), scene.store.write(entries)])
      }
      expect([await rowsOf('items'), await rowsOf('search_docs'), await rowsOf('calls')]).toEqual([0, 0, 0])
    })

    it('an item goes with its words, its audio and the events that name it; the chain closes; it doesn\'t come back', async () => {
      const entries = full('conv_1', 'ann')
      await scene.store.write(entries)
      expect(await scene.store.deleteItem('ann', 'conv_1', 'conv_1_b')).toEqual({ audioKeys: ['conv_1_key'] })
      expect(await scene.store.deleteItem('ann', 'conv_1', 'conv_1_b')).toBeUndefined()
      await scene.store.write(entries.filter(({ type }) => type !== 'audio' && type !== 'wire_event'))
      const conversation = (await scene.store.get('ann', 'conv_1'))!
      expect(conversation.itemsOf.map(({ id, afterId }) => [id, afterId])).toEqual([['conv_1_a', null], ['conv_1_c', 'conv_1_a']])
      expect(conversation).toMatchObject({ items: 2, hasAudio: false, usd: 0.5 })
      expect((await scene.store.events('ann', 'conv_1', { limit: 10 })).entries.map(({ payload }) => payload)).toEqual(['{"type":"other"}'])
      expect((await scene.store.list('ann', { query: 'unmistakable', limit: 10 })).entries).toEqual([])
    })

    it('everything about one person, and nothing of another; what it cost stays, without a name', async () => {
      await scene.store.write([...full('a_1', 'ann'), ...full('b_1', 'bob')])
      await scene.store.write(Array.from({ length: 25 }, (_, n) => aConversation(`a_many_${n}`, 'ann', ['x'])).flat())
      expect(await scene.store.deleteOwner('ann')).toEqual({ conversations: 26, audioKeys: ['a_1_key'] })
      expect((await scene.store.list('ann', { limit: 10 })).entries).toEqual([])
      expect((await scene.store.list('bob', { limit: 10 })).entries).toHaveLength(1)
      const spending = await scene.store.spending({ fromDay: '2026-01-20', toDay: '2026-01-20' })
      expect(spending.map(({ owner, usage }) => [owner, usage.usd])).toEqual([['bob', 0.5], ['forgotten', 0.5]])
    })

    it('of who had everything deleted, calls that began before are ignored, also those never written yet; later ones are kept', async () => {
      scene.clock.nowMs = NOON_MS + 10_000
      await scene.store.deleteOwner('ann')
      await scene.store.write(full('before', 'ann', NOON_MS + 9_000))
      await scene.store.write(full('after', 'ann', NOON_MS + 11_000))
      expect((await scene.store.list('ann', { limit: 10 })).entries.map(({ id }) => id)).toEqual(['after'])
    })

    it('what was last spoken in too long ago goes, so many at a time', async () => {
      await scene.store.write(Array.from({ length: 7 }, (_, n) => full(`old_${n}`, 'ann', NOON_MS - 40 * DAY_MS)).flat())
      await scene.store.write([...full('new', 'ann'), ...full('revived', 'bob', NOON_MS - 50 * DAY_MS), ...aCall('call_2', 'revived', NOON_MS).begin('bob').item('again', null, 'I am back').entries])
      const first = await scene.store.deleteOlderThan(NOON_MS - 30 * DAY_MS, 5)
      expect([first.conversations, first.audioKeys.length]).toEqual([5, 5])
      expect((await scene.store.deleteOlderThan(NOON_MS - 30 * DAY_MS, 5)).conversations).toBe(2)
      expect((await scene.store.deleteOlderThan(NOON_MS - 30 * DAY_MS, 5)).conversations).toBe(0)
      expect((await scene.store.list('ann', { limit: 10 })).entries.map(({ id }) => id)).toEqual(['new'])
      expect((await scene.store.list('bob', { limit: 10 })).entries.map(({ id }) => id)).toEqual(['revived'])
    })

    it('ids of what was deleted are kept for thirty days, spending for four hundred', async () => {
      await scene.store.write(full('conv_1', 'ann'))
      await scene.store.deleteItem('ann', 'conv_1', 'conv_1_a')
      await scene.store.write(full('conv_2', 'bob'))
      await scene.store.deleteOwner('bob')
      const tombstones = async () => [await rowsOf('deleted_conversations'), await rowsOf('deleted_items'), await rowsOf('forgotten_owners'), await rowsOf('spending')]
      scene.clock.nowMs += 29 * DAY_MS
      await scene.store.deleteOlderThan(0, 1)
      expect(await tombstones()).toEqual([1, 1, 1, 2])
      scene.clock.nowMs += 2 * DAY_MS
      await scene.store.deleteOlderThan(0, 1)
      expect(await tombstones()).toEqual([0, 0, 0, 2])
      scene.clock.nowMs += 400 * DAY_MS
      await scene.store.deleteOlderThan(0, 1)
      expect(await tombstones()).toEqual([0, 0, 0, 0])
    })
  })
}
