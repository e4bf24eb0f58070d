import { describe, expect, it } from 'vitest'
import { aCall, aConversation, NOON_MS } from '../store-entries.ts'
import type { StoreScene } from '../describe-store.ts'

const textsOf = async ({ store }: StoreScene, id: string) => (await store.get('ann', id))?.itemsOf.map(item => item.text)

export function writingContract(scene: StoreScene): void {
  describe('writing', () => {
    it('keeps all that the journal says of an item, whole', async () => {
      const call = aCall('call_1', 'conv_1').begin('ann').item('a', null, 'It is 384,400 km away.', {
        role: 'assistant', cutAtMs: 812.4, span: { fromMs: 100, toMs: 1312 }, responseId: 'resp_1', name: 'look_up', toolCallId: 'fc_1', textState: 'pending', medium: 'text', status: 'incomplete',
      })
      await scene.store.write(call.entries)
      expect((await scene.store.get('ann', 'conv_1'))!.itemsOf).toEqual([{
        id: 'a', afterId: null, kind: 'message', role: 'assistant', text: 'It is 384,400 km away.', textState: 'pending', medium: 'text', status: 'incomplete', cutAtMs: 812,
        span: { fromMs: 100, toMs: 1312 }, responseId: 'resp_1', name: 'look_up', toolCallId: 'fc_1', wire: '{"id":"a","type":"message"}', callId: 'call_1', atMs: NOON_MS + 2,
      }])
    })

    it('the latest entry of an item replaces those before, and when it came to be stays', async () => {
      const call = aCall('call_1', 'conv_1').begin('ann').item('a', null, '', { textState: 'pending' }).item('b', 'a', 'An answer').item('a', null, 'A question')
      await scene.store.write(call.entries)
      const { itemsOf, items } = (await scene.store.get('ann', 'conv_1'))!
      expect(itemsOf.map(({ id, text, textState, atMs }) => [id, text, textState, atMs])).toEqual([['a', 'A question', 'final', NOON_MS + 2], ['b', 'An answer', 'final', NOON_MS + 3]])
      expect(items).toBe(2)
    })

    it('entries that come again change nothing, in one batch or another, all or some', async () => {
      const { entries } = aCall('call_1', 'conv_1').begin('ann').item('a', null, 'First').item('a', null, 'Second').response('r', 0.5).latency('r', 300).event('{}').audio('a', 'k').end()
      await scene.store.write(entries)
      const before = await scene.store.get('ann', 'conv_1')
      const spent = await scene.store.spending({ fromDay: '2026-01-20', toDay: '2026-01-20' })
      await scene.store.write(entries)
      await scene.store.write(entries.slice(0, 3))
      await scene.store.write([...entries, ...entries])
      expect(await scene.store.get('ann', 'conv_1')).toEqual(before)
      expect(await scene.store.spending({ fromDay: '2026-01-20', toDay: '2026-01-20' })).toEqual(spent)
    })

    it('one entry at a time comes to the same as all at once', async () => {
      const entriesOf = (n: number) => aCall(`call_${n}`, `conv_${n}`).begin('ann').item('a', null, 'First').item('b', 'a', 'Gone').item('a', null, 'Second')
        .add({ type: 'item_removed', itemId: 'b' }).item('c', 'b', 'Third').response('r', 0.5).end().entries
      await scene.store.write(entriesOf(1))
      for (const entry of entriesOf(2)) await scene.store.write([entry])
      expect(await textsOf(scene, 'conv_1')).toEqual(['Second', 'Third'])
      expect(await textsOf(scene, 'conv_2')).toEqual(['Second', 'Third'])
    })

    it('takes all of a batch or none of it', async () => {
      await expect(scene.store.write([...aConversation('conv_1', 'ann', ['Hello']), { type: 'nonsense' } as never])).rejects.toMatchObject({ name: 'StoreError' })
      expect(await scene.store.get('ann', 'conv_1')).toBeUndefined()
    })

    it('passes over what belongs to no call that ever began', async () => {
      await scene.store.write(aConversation('conv_1', 'ann', ['Hello']).slice(1))
      expect(await scene.store.list('ann', { limit: 10 })).toEqual({ entries: [], next: null })
    })

    it('texts that no database likes come back readable: NUL, half a character, every script', async () => {
      const text = 'a\0b \ud800 c 👩‍🚀 日本語 \u202e \'"; drop table items; --'
      await scene.store.write(aConversation('conv\0_1', 'an\0n', [text]))
      expect((await scene.store.get('an\0n', 'conv\0_1'))!.itemsOf[0]!.text).toBe(text.replace('\0', '\ufffd').replace('\ud800', '\ufffd'))
    })

    it('twenty calls that write at once, on two nodes, lose nothing', async () => {
      const other = scene.another()
      await Promise.all(Array.from({ length: 20 }, (_, n) => (n % 2 ? other : scene.store).write(aConversation(`conv_${n}`, 'ann', ['One', 'Two', 'Three']))))
      const { entries } = await scene.store.list('ann', { limit: 50 })
      expect(entries.map(({ items }) => items)).toEqual(Array.from({ length: 20 }, () => 3))
    })

    it('two nodes that write to one conversation at once count right', async () => {
      const other = scene.another()
      await scene.store.write(aCall('call_1', 'conv_1').begin('ann').entries)
      const first = aCall('call_2', 'conv_1', NOON_MS + 1000).begin('ann')
      const second = aCall('call_3', 'conv_1', NOON_MS + 2000).begin('ann')
      for (let n = 0; n < 30; n++) {
        first.item(`f${n}`, n === 0 ? null : `f${n - 1}`, `First ${n}`)
        second.item(`s${n}`, n === 0 ? null : `s${n - 1}`, `Second ${n}`)
      }
      const drip = async (node: typeof other, entries: typeof first.entries) => {
        for (let at = 0; at < entries.length; at += 6) await node.write(entries.slice(at, at + 6))
      }
      await Promise.all([drip(scene.store, first.entries), drip(other, second.entries)])
      expect(await scene.store.get('ann', 'conv_1')).toMatchObject({ items: 60, calls: 3, spokenMs: 60_000 })
    })
  })
}
