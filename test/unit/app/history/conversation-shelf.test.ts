import { describe, expect, it } from 'vitest'
import type { ConversationCard, ConversationList } from '../../../../shared/history.ts'
import { titleOf } from '../../../../app/components/history/card-title.ts'
import { createConversationShelf } from '../../../../app/history/conversation-shelf.ts'
import { createHistoryClient } from '../../../../app/history/history-client.ts'
import type { Answer, HistoryClient } from '../../../../app/history/history-client.ts'
import { shelfGroups, snippetPieces } from '../../../../app/history/shelf-groups.ts'
import { keptCard } from '../../../fakes/told-conversation.ts'

type Client = Pick<HistoryClient, 'list' | 'rename' | 'remove'>
const cards = (...ids: number[]): ConversationCard[] => ids.map(id => keptCard({ id: `conv_${id}`, last_at_ms: 1_790_000_000_000 + id }))
const answer = (conversations: ConversationCard[], next: string | null = null): Answer<ConversationList> => ({ ok: true, value: { conversations, next } })
const never: Client = { list: () => new Promise(() => {}), rename: () => new Promise(() => {}), remove: () => new Promise(() => {}) }
const idsOf = ({ cards }: { cards: readonly ConversationCard[] }) => cards.map(({ id }) => id)

describe('the list of conversations', () => {
  it('turns pages, and has what came up meanwhile once', async () => {
    const pages = [answer(cards(5, 4), 'a'), answer(cards(4, 3), null)]
    const asked: (string | null)[] = []
    const keeper = createConversationShelf({ ...never, list: async ({ after }) => {
      asked.push(after)
      return pages.shift()!
    } })
    await keeper.search('')
    expect(keeper.shelf.more).toBe(true)
    await keeper.more()
    expect(idsOf(keeper.shelf)).toEqual(['conv_5', 'conv_4', 'conv_3'])
    await keeper.more()
    expect(asked).toEqual([null, 'a'])
  })

  it('drops the answer to a query that nobody asks any more', async () => {
    const waiting: Record<string, (list: Answer<ConversationList>) => void> = {}
    const keeper = createConversationShelf({ ...never, list: ({ query }) => new Promise(resolve => { waiting[query] = resolve }) })
    const first = keeper.search('kana')
    const second = keeper.search('kanazawa')
    waiting.kanazawa!(answer(cards(2)))
    await second
    waiting.kana!(answer(cards(1, 2, 3)))
    await first
    expect(idsOf(keeper.shelf)).toEqual(['conv_2'])
  })

  it('refreshed, it has what is new and what moved up on top, and keeps the pages that were turned', async () => {
    const pages = [answer(cards(5, 4), 'a'), answer(cards(3, 2), 'b'), answer([...cards(6, 5)], 'x')]
    const keeper = createConversationShelf({ ...never, list: async () => pages.shift()! })
    await keeper.search('')
    await keeper.more()
    await keeper.refresh()
    expect(idsOf(keeper.shelf)).toEqual(['conv_6', 'conv_5', 'conv_4', 'conv_3', 'conv_2'])
  })

  it('keeps what it shows while the server can’t be reached, and says so', async () => {
    const answers: Answer<ConversationList>[] = [answer(cards(1)), { ok: false, trouble: 'unreachable' }]
    const keeper = createConversationShelf({ ...never, list: async () => answers.shift()! })
    await keeper.search('')
    await keeper.refresh()
    expect(keeper.shelf).toMatchObject({ trouble: 'unreachable', busy: false })
    expect(idsOf(keeper.shelf)).toEqual(['conv_1'])
  })

  it('renames, and tells when somebody else was faster', async () => {
    const renames: Answer<ConversationCard>[] = [{ ok: true, value: keptCard({ id: 'conv_1', title: 'Garden', version: 2 }) }, { ok: false, trouble: 'changed_elsewhere' }]
    const keeper = createConversationShelf({ ...never, list: async () => answer(cards(1)), rename: async () => renames.shift()! })
    await keeper.search('')
    expect(await keeper.rename(keeper.shelf.cards[0]!, 'Garden')).toBeUndefined()
    expect(keeper.shelf.cards[0]).toMatchObject({ title: 'Garden', version: 2 })
    expect(await keeper.rename(keeper.shelf.cards[0]!, 'Castle')).toBe('changed_elsewhere')
    expect(keeper.shelf.cards[0]!.title).toBe('Garden')
  })

  it('has no longer what was deleted, here or elsewhere, and keeps what couldn’t be', async () => {
    const removals: Answer<void>[] = [{ ok: true, value: undefined }, { ok: false, trouble: 'gone' }, { ok: false, trouble: 'unavailable' }]
    const keeper = createConversationShelf({ ...never, list: async () => answer(cards(1, 2, 3)), remove: async () => removals.shift()! })
    await keeper.search('')
    const [first, second, third] = keeper.shelf.cards
    expect([await keeper.remove(first!), await keeper.remove(second!), await keeper.remove(third!)]).toEqual([undefined, undefined, 'unavailable'])
    expect(idsOf(keeper.shelf)).toEqual(['conv_3'])
  })
})

describe('asking the server', () => {
  const client = (status: number, body: unknown) => createHistoryClient({ fetch: async () => Response.json(body, { status }), setTimer: () => () => {} })

  it.each([
    [404, 'conversation_not_found', 'gone'], [404, 'nothing_kept', 'nothing_kept'], [409, 'changed_elsewhere', 'changed_elsewhere'], [401, 'sign_in_required', 'sign_in'],
    [503, 'store_unavailable', 'unavailable'], [429, 'too_many', 'unavailable'], [400, 'invalid_value', 'refused'], [502, undefined, 'unavailable'],
  ])('%i %s is %s', async (status, code, trouble) => {
    expect(await client(status, code ? { error: { type: 't', code, message: 'm' } } : 'gateway').get('conv_1')).toEqual({ ok: false, trouble })
  })

  it('no network is no exception', async () => {
    const offline = createHistoryClient({ fetch: async () => { throw new TypeError('fetch failed') }, setTimer: () => () => {} })
    expect(await offline.remove('conv_1')).toEqual({ ok: false, trouble: 'unreachable' })
  })

  it('names go into addresses whole', async () => {
    const asked: string[] = []
    const watched = createHistoryClient({ setTimer: () => () => {}, fetch: async address => {
      asked.push(String(address))
      return Response.json({})
    } })
    await watched.get('a/../b?c')
    await watched.list({ query: 'a&after=x #', after: null })
    expect(asked).toEqual(['/api/conversations/a%2F..%2Fb%3Fc', '/api/conversations?limit=40&q=a%26after%3Dx+%23'])
  })
})

describe('what the list shows', () => {
  it('is grouped by the days of whoever looks', () => {
    const nowMs = new Date(2026, 10, 22, 15).getTime()
    const at = (days: number, id: string) => keptCard({ id, last_at_ms: new Date(2026, 10, 22 - days, 1).getTime() })
    const groups = shelfGroups([at(0, 'a'), at(1, 'b'), at(6, 'c'), at(7, 'd')], { searched: false, nowMs })
    expect(groups.map(({ when, cards }) => [when, ...cards.map(({ id }) => id)])).toEqual([['today', 'a'], ['week', 'b', 'c'], ['earlier', 'd']])
    expect(shelfGroups([], { searched: true, nowMs })).toEqual([])
  })

  it('marks the words of a search, in either language, whatever signs are in it', () => {
    expect(snippetPieces('See the Garden first', 'garden')).toEqual([{ text: 'See the ', hit: false }, { text: 'Garden', hit: true }, { text: ' first', hit: false }])
    expect(snippetPieces('金沢の天気を', '天気').filter(({ hit }) => hit)).toEqual([{ text: '天気', hit: true }])
    for (const query of ['(((', 'a* OR "b', '.*', '[', '\\', '']) expect(snippetPieces('plain text', query).map(({ text }) => text).join('')).toBe('plain text')
  })

  it('a title has one line, and no signs that turn the page around', () => {
    expect(titleOf({ title: ' a\n\tb\u202e\u0000c ' })).toBe('a bc')
    expect([titleOf({ title: null }), titleOf({ title: ' \u200b ' })]).toEqual([undefined, undefined])
  })
})
