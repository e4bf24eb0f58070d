import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { silentLog } from '../../server/log.ts'
import { openStore } from '../../server/store/open-store.ts'
import { StoreError } from '../../server/store/store.ts'
import type { ConversationList, KeptConversation } from '../../shared/history.ts'
import { historyRoutes } from '../fakes/history-routes.ts'
import { keptCall, keptItem } from '../fakes/journalled-call.ts'
import { createMemoryStore } from '../fakes/memory-store.ts'
import { startServer, type RunningServer } from '../fakes/running-server.ts'

const TOKENS = { alice: 'alice-token-of-many-signs', bob: 'bob-token-of-many-signs' }
const env = { KAIWA_API_TOKENS: `alice:${TOKENS.alice},bob:${TOKENS.bob}` }
let dataDir: string
let server: RunningServer

const ask = (who: keyof typeof TOKENS, path: string, { method = 'GET', body, headers }: { method?: string, body?: unknown, headers?: Record<string, string> } = {}) => fetch(`${server.origin}${path}`, {
  method, headers: { authorization: `Bearer ${TOKENS[who]}`, ...(body !== undefined && { 'content-type': 'application/json' }), ...headers }, body: body === undefined ? undefined : JSON.stringify(body),
})
const listOf = async (who: keyof typeof TOKENS, query = '') => await (await ask(who, `/api/conversations${query}`)).json() as ConversationList
const codeOf = async (response: Response) => [response.status, (await response.json() as { error: { code: string } }).error.code]
const keep = (...calls: Parameters<typeof keptCall>[0][]) => server.instance.store.write(calls.flatMap(keptCall))
const opened = () => vi.waitFor(() => server.instance.store.list('nobody', { limit: 1 }), 5000)

beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'kaiwa-history-'))
  server = await startServer({
    env: { ...env, KAIWA_DATA_DIR: dataDir },
    openStore: () => openStore({ store: { databaseUrl: undefined, retentionDays: 0 }, dataDir }, silentLog),
  })
  server.instance.beginKeeping()
  await opened()
  await keep({
    owner: 'token:alice', conversationId: 'conv_alice', items: [
      keptItem('item_1', 'How tall is the tower in Kyoto?', { span: { fromMs: 500, toMs: 2500 } }),
      keptItem('item_2', 'It has one hundred and thirty metres, and stands at the station.', { role: 'assistant', span: { fromMs: 3000, toMs: 4500 }, cutAtMs: 1500, responseId: 'resp_1' }),
    ], more: [{ type: 'wire_event', direction: 'in', eventType: 'session.created', callMs: 3, payload: '{"type":"session.created"}' }],
  })
})
afterAll(async () => {
  await server.close()
  rmSync(dataDir, { recursive: true, force: true })
})

describe('what is kept', () => {
  it('is listed and shown to whom it belongs, in the words of the page', async () => {
    const { conversations, next } = await listOf('alice')
    expect(conversations).toMatchObject([{ id: 'conv_alice', call_count: 1, item_count: 2, live: false, found: null }])
    expect(next).toBeNull()
    const shown = await ask('alice', '/api/conversations/conv_alice')
    expect(shown.headers.get('cache-control')).toBe('no-store')
    expect(await shown.json()).toMatchObject({
      id: 'conv_alice', branched_after: null, formats: ['md', 'json', 'srt', 'vtt'], calls: [{ id: 'call_of_conv_alice', ended_how: 'client' }],
      items: [
        { id: 'item_1', role: 'user', text: 'How tall is the tower in Kyoto?', span: { from_ms: 500, to_ms: 2500 }, heard_text: null },
        { id: 'item_2', role: 'assistant', cut_at_ms: 1500, heard_text: 'It has one hundred and' },
      ],
    })
    expect(await (await ask('alice', '/api/conversations/conv_alice/events')).json()).toMatchObject({ events: [{ type: 'session.created', direction: 'in' }], next: null })
    expect((await listOf('bob')).conversations).toEqual([])
  })

  it('is found by its words, whatever operators are among them, and page by page', async () => {
    for (const hostile of ['"', '* OR', 'NEAR(', 'a:b', '\' OR 1=1 --', '\0', '('.repeat(400), '%']) expect((await ask('alice', `/api/conversations?q=${encodeURIComponent(hostile)}`)).status).toBe(200)
    expect((await listOf('alice', '?q=kyoto')).conversations).toMatchObject([{ found: { item_id: 'item_1', snippet: expect.stringContaining('Kyoto') } }])
    expect((await listOf('bob', '?q=kyoto')).conversations).toEqual([])
    for (const bad of ['limit=0', 'limit=101', 'limit=x', 'after=nonsense', `q=${'x'.repeat(501)}`]) expect(await codeOf(await ask('alice', `/api/conversations?${bad}`))).toEqual([400, 'invalid_value'])
  })

  it.each(Object.keys(historyRoutes).filter(route => route.includes('{id}')))('%s: somebody else\'s, one that isn\'t there and one that can\'t be are the same 404', async route => {
    const [method = '', pattern = ''] = route.split(' ')
    const told: unknown[] = []
    for (const id of ['conv_alice', 'conv_none', '..%2Fetc', 'x'.repeat(200), '%00', '\'%20or%201=1']) {
      const path = pattern.replace('{id}', id).replace('{item}', 'item_1') + (pattern.endsWith('export') ? '?format=md' : '')
      const answer = await ask('bob', path, { method, ...(method === 'PATCH' && { body: { title: 'Mine now', version: 1 } }) })
      told.push([answer.status, await answer.text()])
    }
    expect(new Set(told.map(one => JSON.stringify(one)))).toHaveProperty('size', 1)
    expect(told[0]).toEqual([404, JSON.stringify({ error: { type: 'invalid_request_error', code: 'conversation_not_found', message: 'There is no such conversation.' } })])
    expect((await listOf('alice')).conversations, 'it is all there still').toMatchObject([{ id: 'conv_alice', item_count: 2 }])
  })

  it('is for nobody without a token that is known, nor for a page of another site', async () => {
    for (const route of Object.keys(historyRoutes)) {
      const [method = '', pattern = ''] = route.split(' ')
      const path = `${server.origin}${pattern.replace('{id}', 'conv_alice').replace('{item}', 'item_1')}`
      expect(await codeOf(await fetch(path, { method, headers: { authorization: 'Bearer of-nobody-at-all-here' } })), route).toEqual([401, 'invalid_api_key'])
      expect(await codeOf(await fetch(path, { method, headers: { authorization: `Bearer ${TOKENS.alice}`, origin: 'https://evil.example' } })), route).toEqual([403, 'origin_not_allowed'])
    }
    expect(await codeOf(await fetch(`${server.origin}/api/conversations/conv_alice`, { method: 'DELETE', headers: { 'user-agent': 'Mozilla/5.0' } }))).toEqual([403, 'origin_missing'])
  })

  it('is renamed by one at a time; hostile titles become one line', async () => {
    await keep({ owner: 'token:alice', conversationId: 'conv_name', items: [keptItem('item_n', 'Good morning. How are you?')] })
    const rename = (title: string, version: number) => ask('alice', '/api/conversations/conv_name', { method: 'PATCH', body: { title, version } })
    const both = await Promise.all([rename('One', 1), rename('Other', 1)])
    expect(both.map(({ status }) => status).sort()).toEqual([200, 409])
    expect(await (await rename('a\u0000b\n<script>\u202Eevil', 2)).json()).toMatchObject({ title: 'a b <script> evil', title_by: 'person', version: 3 })
    expect(await codeOf(await rename('late', 2))).toEqual([409, 'changed_elsewhere'])
    expect(await (await rename('  ', 3)).json(), 'the words come back').toMatchObject({ title: 'Good morning', title_by: 'words' })
    for (const body of [{}, { title: 1, version: 1 }, { title: 'x' }, { title: 'x'.repeat(1001), version: 1 }, { title: 'x', version: 1, owner: 'token:bob' }]) {
      expect(await codeOf(await ask('alice', '/api/conversations/conv_name', { method: 'PATCH', body }))).toEqual([400, 'invalid_value'])
    }
    await ask('alice', '/api/conversations/conv_name', { method: 'DELETE' })
  })

  it('of ten thousand items is shown whole', async () => {
    const items = Array.from({ length: 10_000 }, (_, at) => keptItem(`item_${at}`, `This is sentence number ${at}.`, { role: at % 2 ? 'assistant' : 'user' }))
    const entries = keptCall({ owner: 'token:bob', conversationId: 'conv_long', items })
    for (let at = 0; at < entries.length; at += 500) await server.instance.store.write(entries.slice(at, at + 500))
    const shown = await (await ask('bob', '/api/conversations/conv_long')).json() as KeptConversation
    expect(shown.items.map(({ id }) => id)).toEqual(items.map(({ id }) => id))
    expect((await (await ask('bob', '/api/conversations/conv_long/export?format=md')).text()).match(/This is sentence number/g)).toHaveLength(10_000)
    await ask('bob', '/api/conversations/conv_long', { method: 'DELETE' })
  }, 30_000)

  it('is had as one document of everything, and deleted with everything', async () => {
    await keep(
      { owner: 'token:bob', conversationId: 'conv_b1', items: [keptItem('item_b1', 'First of Bob')] },
      { owner: 'token:bob', conversationId: 'conv_b2', atMs: 1_760_000_100_000, items: [keptItem('item_b2', 'Second of Bob')] },
    )
    const everything = await (await ask('bob', '/api/me/export')).json()
    expect(everything).toMatchObject({ format: 'kaiwa-everything', version: 1, conversations: [{ id: 'conv_b2', items: [{ text: 'Second of Bob' }] }, { id: 'conv_b1', events: [] }], spending: [] })
    expect(JSON.stringify(everything)).not.toContain('Kyoto')
    expect(await (await ask('bob', '/api/me/data', { method: 'DELETE' })).json()).toEqual({ conversations: 2 })
    expect((await listOf('bob')).conversations).toEqual([])
    expect((await listOf('alice')).conversations).toMatchObject([{ id: 'conv_alice' }])
  })

  it('that was deleted stands in no file of the data folder', async () => {
    const canary = 'canaryword8271'
    await keep({
      owner: 'token:alice', conversationId: 'conv_canary', items: [keptItem('item_c1', `keep ${canary} secret`), keptItem('item_c2', 'something else')],
      more: [{ type: 'wire_event', direction: 'in', eventType: 'x', callMs: 1, payload: `{"item_c1":"${canary}"}` }] })
    await server.instance.store.entitle('conv_canary', { by: 'model', title: `About ${canary}`, summary: `They kept ${canary}.` })
    expect(filesWith(canary).length).toBeGreaterThan(0)
    expect((await ask('alice', '/api/conversations/conv_canary/items/item_c1', { method: 'DELETE' })).status).toBe(204)
    expect(await codeOf(await ask('alice', '/api/conversations/conv_canary/items/item_c1', { method: 'DELETE' }))).toEqual([404, 'item_not_found'])
    expect(filesWith(canary)).toEqual([])
    expect((await listOf('alice')).conversations.find(({ id }) => id === 'conv_canary')).toMatchObject({ title: 'something else', title_by: 'words', summary: null })
    await keep({ owner: 'token:alice', conversationId: 'conv_canary2', items: [keptItem('item_c1', `keep ${canary} secret`)] })
    expect((await ask('alice', '/api/conversations/conv_canary2', { method: 'DELETE' })).status).toBe(204)
    expect(filesWith(canary)).toEqual([])
    expect((await listOf('alice', `?q=${canary}`)).conversations).toEqual([])
  })
})

const filesWith = (word: string) => readdirSync(dataDir, { recursive: true, encoding: 'utf8' }).filter(name => statSync(join(dataDir, name)).isFile() && readFileSync(join(dataDir, name)).includes(word))

describe('a branch', () => {
  it('has what its origin had up to there, and keeps it when the item it hangs on goes', async () => {
    await keep(
      { owner: 'token:alice', conversationId: 'conv_o', items: [keptItem('item_a', 'a'), keptItem('item_b', 'b'), keptItem('item_c', 'c')] },
      { owner: 'token:alice', conversationId: 'conv_p', continues: { conversationId: 'conv_o', afterItemId: 'item_b' }, items: [keptItem('item_d', 'd', { afterId: 'item_b' })] },
      { owner: 'token:bob', conversationId: 'conv_thief', atMs: Date.now() + 1000, continues: { conversationId: 'conv_o', afterItemId: 'item_b' }, items: [keptItem('item_t', 't')] },
    )
    const texts = async (who: keyof typeof TOKENS, id: string) => (await (await ask(who, `/api/conversations/${id}`)).json() as KeptConversation).items.map(({ text, conversation_id }) => `${text} of ${conversation_id}`)
    expect(await texts('alice', 'conv_p')).toEqual(['a of conv_o', 'b of conv_o', 'd of conv_p'])
    expect(await texts('bob', 'conv_thief'), 'nothing of somebody else\'s').toEqual(['t of conv_thief'])
    await ask('alice', '/api/conversations/conv_o/items/item_b', { method: 'DELETE' })
    expect(await texts('alice', 'conv_p')).toEqual(['a of conv_o', 'd of conv_p'])
    await ask('alice', '/api/conversations/conv_o', { method: 'DELETE' })
    expect(await texts('alice', 'conv_p')).toEqual(['d of conv_p'])
  })
})

describe('a server', () => {
  it('that keeps nothing says so at every address', async () => {
    const none = await startServer({ env: { KAIWA_STORE: 'none' }, openStore: async () => createMemoryStore() })
    for (const route of Object.keys(historyRoutes)) {
      const [method = '', pattern = ''] = route.split(' ')
      expect(await codeOf(await fetch(`${none.origin}${pattern.replace('{id}', 'conv_1').replace('{item}', 'item_1')}`, { method, headers: { origin: none.origin } })), route).toEqual([404, 'nothing_kept'])
    }
    await none.close()
  })

  it('whose store is away says to try again', async () => {
    const away = await startServer({ openStore: () => Promise.reject(new StoreError('gone', 'away')) })
    const answer = await fetch(`${away.origin}/api/conversations`)
    expect(answer.headers.get('retry-after')).toBe('3')
    expect(await codeOf(answer)).toEqual([503, 'store_unavailable'])
    await away.close()
  })

  it('answers under the files of server/api what the tests ask', () => {
    const files = ['conversations', 'me'].flatMap(folder => readdirSync(join('server/api', folder), { recursive: true, encoding: 'utf8' }).filter(name => name.endsWith('.ts')).map(name => `${folder}/${name}`))
    const routes = files.map(name => {
      const [, path = '', method = ''] = /^(.*)\.(get|patch|delete)\.ts$/.exec(name) ?? []
      return `${method.toUpperCase()} /api/${path.replace(/\/index$/, '').replaceAll('[', '{').replaceAll(']', '}')}`
    })
    expect(routes.sort()).toEqual(Object.keys(historyRoutes).sort())
  })
})
