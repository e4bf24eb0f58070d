import { describe, expect, it } from 'vitest'
import { aCall, aConversation, NOON_MS } from '../store-entries.ts'
import type { StoreScene } from '../describe-store.ts'

export function ownershipContract(scene: StoreScene): void {
  describe('ownership', () => {
    it('somebody else\'s conversation is as if it weren\'t there, in every operation', async () => {
      const call = aCall('call_1', 'conv_1').begin('ann', { persona: { id: 'p', name: 'P', version: 'v', body: '{}' } }).item('a', null, 'Secret plans').event('{}').audio('a', 'key').response('r', 1)
      await scene.store.write(call.entries)
      const before = await scene.store.get('ann', 'conv_1')
      for (const owner of ['bob', '', 'ANN', 'ann ', '%', 'a%']) {
        expect(await scene.store.get(owner, 'conv_1')).toBeUndefined()
        expect(await scene.store.list(owner, { limit: 10 })).toEqual({ entries: [], next: null })
        expect(await scene.store.list(owner, { query: 'secret', limit: 10 })).toEqual({ entries: [], next: null })
        expect(await scene.store.events(owner, 'conv_1', { limit: 10 })).toEqual({ entries: [], next: null })
        expect(await scene.store.audio(owner, 'conv_1')).toEqual([])
        expect(await scene.store.personas(owner, 'conv_1')).toEqual([])
        expect(await scene.store.rename(owner, 'conv_1', 'Mine', 1)).toBe('missing')
        expect(await scene.store.delete(owner, 'conv_1')).toBeUndefined()
        expect(await scene.store.deleteItem(owner, 'conv_1', 'a')).toBeUndefined()
        expect(await scene.store.deleteOwner(owner)).toEqual({ conversations: 0, audioKeys: [] })
        expect(await scene.store.spending({ fromDay: '2026-01-01', toDay: '2026-12-31', owner })).toEqual([])
      }
      expect(await scene.store.get('ann', 'conv_1')).toEqual(before)
    })

    it('a search finds one\'s own only, however common the word', async () => {
      await scene.store.write(Array.from({ length: 150 }, (_, n) => aConversation(`bob_${n}`, 'bob', ['common word'], NOON_MS + n)).flat())
      await scene.store.write(aConversation('ann_1', 'ann', ['common word'], NOON_MS))
      const { entries, next } = await scene.store.list('ann', { query: 'common', limit: 10 })
      expect([entries.map(({ id }) => id), next]).toEqual([['ann_1'], null])
    })

    it('nobody writes into somebody else\'s conversation, by whatever name', async () => {
      await scene.store.write(aConversation('conv_1', 'ann', ['Mine']))
      const before = await scene.store.get('ann', 'conv_1')
      await scene.store.write(aCall('call_bob', 'conv_1', NOON_MS + 5000).begin('bob').item('evil', 'conv_1_0', 'Not mine').response('r', 5).audio('evil', 'evil').entries)
      // His own call, but a foreign conversation in its entries.
      await scene.store.write(aCall('call_2', 'conv_2').begin('bob').entries)
      await scene.store.write(aCall('call_2', 'conv_1').begin('bob').item('evil', null, 'Not mine').end().entries.slice(1))
      expect(await scene.store.get('ann', 'conv_1')).toEqual(before)
      expect(await scene.store.audio('ann', 'conv_1')).toEqual([])
      expect(await scene.store.get('bob', 'conv_1')).toBeUndefined()
    })
  })
}
