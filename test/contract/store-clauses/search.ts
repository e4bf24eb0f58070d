import { describe, expect, it } from 'vitest'
import { aConversation, NOON_MS } from '../store-entries.ts'
import type { StoreScene } from '../describe-store.ts'

const TEXTS: Record<string, string[]> = {
  moon: ['How far is the Moon?', 'About 384,400 km. Don’t drive.'],
  station: ['会議室は東京駅の近くです。', 'ｶﾅとカナは同じ'],
  korean: ['서울에서 만나요', 'ok'],
  cafe: ['Let’s meet at the Café Müller', 'STRASSE straße'],
}

export function searchContract(scene: StoreScene): void {
  const idsFor = async (query: string) => (await scene.store.list('ann', { query, limit: 50 })).entries.map(({ id }) => id)
  const writeAll = () => scene.store.write(Object.entries(TEXTS).flatMap(([id, texts], n) => aConversation(id, 'ann', texts, NOON_MS + n * 1000)))

  describe('search', () => {
    it.each([
      ['moon', ['moon']], ['MOON far', ['moon']], ['far away', []], ['moo', ['moon']], ['oon', []], ['384', ['moon']], ['don\'t', ['moon']], ['dont', ['moon']],
      ['会議', ['station']], ['会議室', ['station']], ['東京駅', ['station']], ['京', ['station']], ['駅', ['station']], ['京東', []], ['会室', []], ['カナ', ['station']], ['ｶﾅ', ['station']],
      ['서울', ['korean']], ['café', ['cafe']], ['cafe\u0301', ['cafe']], ['ＭＯＯＮ', ['moon']], ['meet at', ['cafe']],
    ])('%s finds %j', async (query, ids) => {
      await writeAll()
      expect(await idsFor(query)).toEqual(ids)
    })

    it('operators are words or nothing, and never an error', async () => {
      await writeAll()
      const operators = [
        '"', '""', '\'', '*', '%', '_', '(', ')', 'moon AND', 'moon OR nothing', 'NOT moon', 'NEAR(moon far, 5)', 'words:moon', 'moon*', '^moon', '-moon', 'moon & !far', 'moon | far', 'moon:*',
        'moon:A', '<->', 'far <-> moon', '\\', '\\\\\'', '$1', ':a', '?', '\0', 'moon\0', '\ud800', '🚀', '; drop table items; --', 'a'.repeat(100_000), '会'.repeat(5_000), '! & | ( ) : *'.repeat(500), '\u202e',
      ]
      for (const query of operators) {
        const { entries } = await scene.store.list('ann', { query, limit: 10 })
        for (const { id } of entries) expect(TEXTS).toHaveProperty(id)
      }
      expect(await idsFor('moon AND')).toEqual([])
      expect(await idsFor('"moon"')).toEqual(['moon'])
      expect((await idsFor('')).length).toBe(4)
      expect(await idsFor('?!*')).toEqual([])
    })

    it('tells where: the item, and the original words around', async () => {
      const long = `${'bla '.repeat(50)}The Quick, brown fox ${'blub '.repeat(50)}`
      await scene.store.write(aConversation('conv_1', 'ann', ['Nothing here', long, 'A fox']))
      const { entries: [head] } = await scene.store.list('ann', { query: 'quick FOX', limit: 1 })
      expect(head!.found!.itemId).toBe('conv_1_1')
      expect(head!.found!.snippet).toMatch(/^…(bla )+The Quick, brown fox (blub ?)+…$/)
      expect(head!.found!.snippet.length).toBeLessThan(160)
    })

    it('shows the item with most of what was asked for', async () => {
      await scene.store.write(aConversation('conv_1', 'ann', ['fox', 'fox and fox and fox', 'fox']))
      expect((await scene.store.list('ann', { query: 'fox', limit: 1 })).entries[0]!.found!.itemId).toBe('conv_1_1')
    })

    it('finds titles, without a place in the text', async () => {
      await writeAll()
      await scene.store.rename('ann', 'moon', 'Astronomy', 1)
      await scene.store.entitle('station', { by: 'model', title: '道案内', summary: null })
      const { entries } = await scene.store.list('ann', { query: 'astro', limit: 10 })
      expect(entries).toHaveLength(1)
      expect(entries[0]).toMatchObject({ id: 'moon', title: 'Astronomy' })
      expect(entries[0]).not.toHaveProperty('found')
      expect(await idsFor('案内')).toEqual(['station'])
      await scene.store.rename('ann', 'moon', 'Space', 2)
      expect(await idsFor('astro')).toEqual([])
    })

    it('finds what an item says now, not what it said', async () => {
      const entries = aConversation('conv_1', 'ann', ['First words'])
      await scene.store.write(entries)
      const later = { ...entries[1]!, seq: 9, item: { ...(entries[1] as { item: object }).item, text: 'Other words' } }
      await scene.store.write([later as never])
      expect(await idsFor('first')).toEqual([])
      expect(await idsFor('other')).toEqual(['conv_1'])
      await scene.store.write(entries)
      expect(await idsFor('other')).toEqual(['conv_1'])
    })

    it('the same is found through the index as by looking, on every page', async () => {
      // More conversations than are looked through before the index is asked; a word in every one, in some, in the oldest only.
      const count = 260
      await scene.store.write(Array.from({ length: count }, (_, n) =>
        aConversation(`conv_${String(n).padStart(3, '0')}`, 'ann', [`every ${n % 3 === 0 ? 'third' : 'other'} ${n < 30 ? '古い話' : ''}`], NOON_MS + n * 1000)).flat())
      const pagesOf = async (query: string) => {
        const ids: string[] = []
        for (let after: string | undefined; ;) {
          const { entries, next } = await scene.store.list('ann', { query, limit: 20, ...(after !== undefined && { after }) })
          ids.push(...entries.map(({ id }) => id))
          if (next === null) return ids
          after = next
        }
      }
      const expected = (fits: (n: number) => boolean) => Array.from({ length: count }, (_, n) => count - 1 - n).filter(fits).map(n => `conv_${String(n).padStart(3, '0')}`)
      expect(await pagesOf('every')).toEqual(expected(() => true))
      expect(await pagesOf('third')).toEqual(expected(n => n % 3 === 0))
      expect(await pagesOf('古い')).toEqual(expected(n => n < 30))
      expect(await pagesOf('third 古い')).toEqual(expected(n => n < 30 && n % 3 === 0))
      expect(await pagesOf('t')).toEqual(expected(n => n % 3 === 0))
    })

    it('a text of a million characters can be written and found by its beginning', async () => {
      await scene.store.write(aConversation('conv_1', 'ann', [`needle ${'Heuhaufen 日本語 '.repeat(60_000)}`]))
      expect(await idsFor('needle')).toEqual(['conv_1'])
    })
  })
}
