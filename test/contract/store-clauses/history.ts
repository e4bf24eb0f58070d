import { describe, expect, it } from 'vitest'
import type { ConversationHead, Page } from '../../../server/store/store.ts'
import { aCall, aConversation, NOON_MS } from '../store-entries.ts'
import type { StoreScene } from '../describe-store.ts'

const MINUTE_MS = 60_000

export function historyContract(scene: StoreScene): void {
  const manyConversations = (count: number, text = 'Hello') =>
    scene.store.write(Array.from({ length: count }, (_, n) => aConversation(`conv_${String(n).padStart(3, '0')}`, 'ann', [`${text} ${n}`], NOON_MS + n * MINUTE_MS)).flat())

  async function allPages(ask: { query?: string, limit: number }, between: (page: Page<ConversationHead>) => Promise<unknown> = () => Promise.resolve()) {
    const ids: string[] = []
    for (let after: string | undefined; ;) {
      const page = await scene.store.list('ann', { ...ask, ...(after !== undefined && { after }) })
      ids.push(...page.entries.map(({ id }) => id))
      if (page.next === null) return ids
      after = page.next
      await between(page)
    }
  }
  const newestFirst = (count: number) => Array.from({ length: count }, (_, n) => `conv_${String(count - 1 - n).padStart(3, '0')}`)

  describe('history', () => {
    it('lists the newest first, with what it came to', async () => {
      const call = aCall('call_1', 'conv_1').begin('ann', { persona: { id: 'tutor', name: 'Tutor', version: 'v1', body: '{"id":"tutor"}' } })
        .item('a', null, 'Hello').item('b', 'a', 'Hello there', { span: { fromMs: 1000, toMs: 3500 } }).response('r', 0.25).audio('a', 'key').end()
      await scene.store.write([...call.entries, ...aConversation('conv_2', 'ann', ['Later'], NOON_MS + MINUTE_MS)])
      const { entries } = await scene.store.list('ann', { limit: 10 })
      expect(entries.map(({ id }) => id)).toEqual(['conv_2', 'conv_1'])
      expect(entries[1]).toEqual({
        id: 'conv_1', title: null, summary: null, titleBy: null, personaId: 'tutor', personaName: 'Tutor', beganAtMs: NOON_MS, lastAtMs: NOON_MS + 6, calls: 1, items: 2, spokenMs: 3500,
        usd: 0.25, branchOf: null, hasAudio: true, version: 1,
      })
      expect(await scene.store.personas('ann', 'conv_1')).toEqual([{ version: 'v1', id: 'tutor', name: 'Tutor', body: '{"id":"tutor"}' }])
    })

    it.each([{ limit: 7 }, { limit: 25 }, { limit: 100 }, { limit: 7, query: 'hello' }])('pages hold everything once: %o', async ask => {
      await manyConversations(50)
      expect(await allPages(ask)).toEqual(newestFirst(50))
    })

    it('a cursor survives what is deleted, added and spoken in meanwhile', async () => {
      await manyConversations(30)
      let page = 0
      const ids = await allPages({ limit: 10 }, async ({ entries }) => {
        await scene.store.delete('ann', entries.at(-1)!.id)
        await scene.store.write(aConversation(`new_${page++}`, 'ann', ['New'], NOON_MS + 900 * MINUTE_MS))
        await scene.store.write(aCall(`again_${page}`, entries[0]!.id, NOON_MS + 950 * MINUTE_MS).begin('ann').entries)
      })
      expect(ids).toEqual(newestFirst(30))
    })

    it('conversations of the same millisecond are all listed', async () => {
      await scene.store.write(Array.from({ length: 9 }, (_, n) => aConversation(`conv_${n}`, 'ann', ['Hi'])).flat())
      expect((await allPages({ limit: 2 })).toSorted()).toEqual(Array.from({ length: 9 }, (_, n) => `conv_${n}`))
    })

    it.each(['nonsense', '', '[]', Buffer.from('[1]').toString('base64url'), Buffer.from('["a","b"]').toString('base64url'), Buffer.from('{"a":1}').toString('base64url')])(
      'a cursor that it never gave is told: %j', async after => {
        await expect(scene.store.list('ann', { limit: 10, after })).rejects.toMatchObject({ name: 'StoreError', code: 'bad_query' })
        await expect(scene.store.events('ann', 'conv_1', { limit: 10, after })).rejects.toMatchObject({ code: 'bad_query' })
      })

    it.each([0, -1, 1.5, Number.NaN])('a limit of %d is told', async limit => {
      await expect(scene.store.list('ann', { limit })).rejects.toMatchObject({ code: 'bad_query' })
    })

    it('a conversation goes on in a second call, at its end', async () => {
      await scene.store.write([
        ...aCall('call_1', 'conv_1').begin('ann').item('a', null, 'One').item('b', 'a', 'Two').end().entries,
        ...aCall('call_2', 'conv_1', NOON_MS + MINUTE_MS).begin('ann', { continues: { conversationId: 'conv_1', afterItemId: 'b' } }).item('c', null, 'Three').item('d', 'c', 'Four').entries,
      ])
      const conversation = (await scene.store.get('ann', 'conv_1'))!
      expect(conversation.itemsOf.map(({ text }) => text)).toEqual(['One', 'Two', 'Three', 'Four'])
      expect(conversation).toMatchObject({ calls: 2, branchOf: null })
      expect(conversation.callsOf.map(({ id, endedHow }) => [id, endedHow])).toEqual([['call_1', 'client'], ['call_2', null]])
    })

    it('a branch is a conversation of its own that knows where it comes from', async () => {
      await scene.store.write([
        ...aConversation('conv_1', 'ann', ['One', 'Two']),
        ...aCall('call_2', 'conv_2', NOON_MS + MINUTE_MS).begin('ann', { continues: { conversationId: 'conv_1', afterItemId: 'conv_1_0' } }).item('c', null, 'Three').entries,
      ])
      expect(await scene.store.get('ann', 'conv_2')).toMatchObject({ branchOf: { conversationId: 'conv_1', afterItemId: 'conv_1_0' }, items: 1 })
      expect(await scene.store.get('ann', 'conv_1')).toMatchObject({ branchOf: null, items: 2 })
    })

    it('ten thousand items come back whole and in order, and others are served meanwhile', async () => {
      const call = aCall('call_1', 'conv_1').begin('ann')
      for (let n = 0; n < 10_000; n++) call.item(`item_${n}`, n === 0 ? null : `item_${n - 1}`, `Sentence number ${n}`)
      for (let at = 0; at < call.entries.length; at += 1000) await scene.store.write(call.entries.slice(at, at + 1000))
      await scene.store.write(aConversation('conv_2', 'ann', ['Short']))
      const [long, short] = await Promise.all([scene.store.get('ann', 'conv_1'), scene.store.get('ann', 'conv_2')])
      expect(long!.itemsOf.map(({ id }) => id)).toEqual(Array.from({ length: 10_000 }, (_, n) => `item_${n}`))
      expect(short!.items).toBe(1)
      const { entries } = await scene.store.list('ann', { query: 'number 9876', limit: 5 })
      expect(entries[0]!.found).toEqual({ itemId: 'item_9876', snippet: 'Sentence number 9876' })
    })

    it('events come in pages, in order', async () => {
      const call = aCall('call_1', 'conv_1').begin('ann')
      for (let n = 0; n < 25; n++) call.event(JSON.stringify({ n }))
      await scene.store.write(call.entries)
      const first = await scene.store.events('ann', 'conv_1', { limit: 20 })
      const rest = await scene.store.events('ann', 'conv_1', { limit: 20, after: first.next! })
      expect([...first.entries, ...rest.entries].map(({ payload }) => JSON.parse(payload) as unknown)).toEqual(Array.from({ length: 25 }, (_, n) => ({ n })))
      expect(rest.next).toBeNull()
      expect(first.entries[0]).toEqual({ callId: 'call_1', seq: 2, direction: 'in', eventType: 'response.done', callMs: 13, payload: '{"n":0}' })
    })
  })

  describe('titles', () => {
    it('of two that rename at once, one is told that it was late', async () => {
      await scene.store.write(aConversation('conv_1', 'ann', ['Hello']))
      const other = scene.another()
      const outcomes = await Promise.all([scene.store.rename('ann', 'conv_1', 'Mine', 1), other.rename('ann', 'conv_1', 'Yours', 1)])
      expect(outcomes.toSorted()).toEqual(['done', 'stale'])
      const { title, version } = (await scene.store.get('ann', 'conv_1'))!
      expect([title, version]).toEqual([outcomes[0] === 'done' ? 'Mine' : 'Yours', 2])
    })

    it.each([
      ['Tab\tand\r\nline', 'Tab and line'], ['a\0b\u001b[31mc', 'a b [31mc'], ['\u202eevil\u2066', 'evil'], ['x'.repeat(500), `${'x'.repeat(199)}…`], ['👩‍🚀 宇宙', '👩‍🚀 宇宙'], ['\ud800', '\ufffd'],
      ['<b>"\'%_\\', '<b>"\'%_\\'], [' \n ', null],
    ])('a title is one line that can be shown: %j', async (given, title) => {
      await scene.store.write(aConversation('conv_1', 'ann', ['Hello']))
      expect(await scene.store.rename('ann', 'conv_1', given, 1)).toBe('done')
      expect((await scene.store.get('ann', 'conv_1'))!.title).toBe(title)
    })

    it('the server gives a title and never takes a person\'s away', async () => {
      await scene.store.write(aConversation('conv_1', 'ann', ['Hello']))
      await scene.store.entitle('conv_1', { by: 'words', title: 'Hello', summary: null })
      await scene.store.entitle('conv_1', { by: 'model', title: 'A greeting', summary: 'They greet.' })
      expect(await scene.store.get('ann', 'conv_1')).toMatchObject({ title: 'A greeting', titleBy: 'model', summary: 'They greet.', version: 1 })
      await scene.store.rename('ann', 'conv_1', 'Mine', 1)
      await scene.store.entitle('conv_1', { by: 'model', title: 'Another', summary: 'New summary.' })
      expect(await scene.store.get('ann', 'conv_1')).toMatchObject({ title: 'Mine', titleBy: 'person', summary: 'New summary.', version: 2 })
      await scene.store.entitle('nowhere', { by: 'model', title: 'X', summary: null })
    })
  })
}
