import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { CallGrant } from '../../shared/calls.ts'
import type { ConversationList, KeptConversation, KeptVoices } from '../../shared/history.ts'
import { connectWebSocket } from '../contract/contract-client.ts'
import { startKaiwa, type KaiwaServer } from '../fakes/kaiwa-server.ts'
import { startPostgres, whyNoPostgres, type PostgresServer } from '../fakes/postgres-server.ts'
import { startScriptedUpstream, type ScriptedUpstream } from '../fakes/scripted-upstream.ts'

/** 300 ms of 24 kHz that are told from silence and from each other. */
const said = Buffer.from(Int16Array.from({ length: 7200 }, (_, at) => at + 1).buffer)

/** The server as it is built and started, over its real routes. */
function describeHistory(name: string, place: { databaseUrl(): Promise<string | undefined>, asked?(sql: string): Promise<Record<string, unknown>[]> }) {
  describe(`history of the built server, ${name}`, () => {
    let upstream: ScriptedUpstream
    let server: KaiwaServer
    let dataDir: string
    let stem: CallGrant

    const api = (path: string, { method = 'GET', body, headers }: { method?: string, body?: object, headers?: Record<string, string> } = {}) => fetch(`${server.address}${path}`, {
      method, headers: { origin: server.address, ...(body && { 'content-type': 'application/json' }), ...headers }, body: body && JSON.stringify(body),
    })
    const shown = async (id: string) => await (await api(`/api/conversations/${id}`)).json() as KeptConversation
    const listed = async (query = '') => (await (await api(`/api/conversations${query}`)).json() as ConversationList).conversations

    async function talk(text: string, asked: object = {}): Promise<CallGrant> {
      const grant = await (await api('/api/calls', { method: 'POST', body: asked })).json() as CallGrant
      const page = await connectWebSocket(`${server.address.replace('http', 'ws')}/v1/realtime`, { protocols: ['realtime', 'kaiwa.v1', `kaiwa.ticket.${grant.ticket}`], headers: { origin: server.address } })
      await page.next('session.updated')
      page.send({ type: 'input_audio_buffer.append', audio: said.toString('base64') })
      page.send({ type: 'input_audio_buffer.commit' })
      await page.next('conversation.item.done')
      page.send({ type: 'conversation.item.create', item: { type: 'message', role: 'user', content: [{ type: 'input_text', text }] } })
      page.send({ type: 'response.create' })
      await page.next('response.done')
      page.close()
      await page.closed
      return grant
    }

    beforeAll(async () => {
      upstream = await startScriptedUpstream({ key: 'test-key' })
      dataDir = mkdtempSync(join(tmpdir(), 'kaiwa-history-'))
      const databaseUrl = await place.databaseUrl()
      server = await startKaiwa({
        KAIWA_DATA_DIR: dataDir, KAIWA_STORE: 'all', OPENAI_API_KEY: 'test-key', OPENAI_BASE_URL: upstream.baseUrl, KAIWA_LOG_LEVEL: 'warn', ...(databaseUrl !== undefined && { DATABASE_URL: databaseUrl }),
      })
      stem = await talk('The garden of Kanazawa')
    }, 60_000)
    afterAll(async () => {
      await server?.stop()
      await upstream.close()
      rmSync(dataDir, { recursive: true, force: true })
    })

    it('a call is in the list at once, is found by its words, and shown with what it cost', async () => {
      expect(await listed('?q=kanazawa')).toMatchObject([{ id: stem.conversation_id, found: { snippet: expect.stringContaining('Kanazawa') } }])
      const kept = await shown(stem.conversation_id)
      expect(kept).toMatchObject({ item_count: 3, calls: [{ ended_how: 'client', persona: { id: 'default' } }], responses: [{ status: 'completed' }] })
      expect(kept.items.map(({ text }) => text).slice(1)).toEqual(['The garden of Kanazawa', 'You said The garden of Kanazawa.'])
      await expect.poll(async () => (await listed())[0]?.title).toBe('The garden of Kanazawa')
      const events = await (await api(`/api/conversations/${stem.conversation_id}/events?limit=2`)).json()
      expect(events).toMatchObject({ events: [{ seq: expect.any(Number) }, {}], next: expect.any(String) })
    })

    it('both voices are had as they were, whole and in part, each alone and side by side', async () => {
      await expect.poll(async () => (await (await api(`/api/conversations/${stem.conversation_id}/audio`)).json() as KeptVoices).calls[0]?.voices.length, { timeout: 5000 }).toBe(2)
      const { calls: [call] } = await (await api(`/api/conversations/${stem.conversation_id}/audio`)).json() as KeptVoices
      const { href } = call!.voices.find(({ voice }) => voice === 'user')!
      const whole = await api(href)
      expect([whole.status, whole.headers.get('content-type'), whole.headers.get('accept-ranges')]).toEqual([200, 'audio/wav', 'bytes'])
      const file = Buffer.from(await whole.arrayBuffer())
      expect(file.length).toBe(Number(whole.headers.get('content-length')))
      expect(file.length).toBe(44 + Math.round(call!.duration_ms * 24) * 2)
      const at = file.indexOf(said, 44)
      expect(at, 'what was said, bit for bit').toBeGreaterThanOrEqual(44)
      const part = await api(href, { headers: { range: `bytes=${at + 3}-${at + 1002}` } })
      expect([part.status, part.headers.get('content-range')]).toEqual([206, `bytes ${at + 3}-${at + 1002}/${file.length}`])
      expect(Buffer.from(await part.arrayBuffer()).equals(file.subarray(at + 3, at + 1003))).toBe(true)
      expect((await api(href, { headers: { range: `bytes=${file.length}-` } })).status).toBe(416)
      const both = Buffer.from(await (await api(`/api/conversations/${stem.conversation_id}/export?format=wav`)).arrayBuffer())
      expect(both.length - 44).toBe((file.length - 44) * 2)
      const left = Buffer.alloc(file.length - 44)
      for (let n = 0; n < left.length / 2; n++) left.writeInt16LE(both.readInt16LE(44 + n * 4), n * 2)
      expect(left.equals(file.subarray(44)), 'left is the talker, on the same clock').toBe(true)
      expect((await api(`/api/conversations/${stem.conversation_id}/audio?voice=user&call=call_none`)).status).toBe(404)
    })

    it.each([['md', 'text/markdown; charset=utf-8'], ['json', 'application/json; charset=utf-8'], ['srt', 'application/x-subrip; charset=utf-8'], ['vtt', 'text/vtt; charset=utf-8']])('%s is a file to be saved', async (format, type) => {
      const answer = await api(`/api/conversations/${stem.conversation_id}/export?format=${format}`)
      expect([answer.status, answer.headers.get('content-type'), answer.headers.get('cache-control')]).toEqual([200, type, 'no-store'])
      expect(answer.headers.get('content-disposition')).toMatch(new RegExp(`^attachment; filename="kaiwa-\\d{4}-\\d\\d-\\d\\d(-[a-z-]+)?\\.${format}"`))
      expect(answer.headers.get('content-security-policy'), 'as every answer').toContain('default-src')
      expect(await answer.text()).toContain('The garden of Kanazawa')
    })

    it('is renamed, goes on, branches off, and everything of it can be had and deleted', async () => {
      const { version } = await shown(stem.conversation_id)
      expect(await (await api(`/api/conversations/${stem.conversation_id}`, { method: 'PATCH', body: { title: 'Gardens', version } })).json()).toMatchObject({ title: 'Gardens', title_by: 'person' })
      expect((await api(`/api/conversations/${stem.conversation_id}`, { method: 'PATCH', body: { title: 'Late', version } })).status).toBe(409)
      const { items } = await shown(stem.conversation_id)
      const branched = await talk('Another way', { conversation_id: stem.conversation_id, after_item_id: items[1]!.id })
      expect((await shown(branched.conversation_id)).items.map(({ text }) => text)).toEqual(expect.arrayContaining(['The garden of Kanazawa', 'Another way']))
      expect((await api(`/api/conversations/${stem.conversation_id}/items/${items[1]!.id}`, { method: 'DELETE' })).status).toBe(204)
      expect((await shown(stem.conversation_id)).items).toHaveLength(2)
      const everything = await (await api('/api/me/export')).json() as { conversations: object[], spending: object[] }
      expect(everything.conversations).toHaveLength(2)
      expect(await (await api('/api/me/data', { method: 'DELETE' })).json()).toEqual({ conversations: 2 })
      expect(await listed()).toEqual([])
      expect(readdirSync(join(dataDir, 'audio'), { recursive: true })).toEqual([])
      expect((await api(`/api/conversations/${stem.conversation_id}`)).status).toBe(404)
      if (place.asked) expect(await place.asked('select count(*)::int as n from items')).toEqual([{ n: 0 }])
    })
  })
}

describeHistory('SQLite', { databaseUrl: async () => undefined })

const missing = whyNoPostgres()
if (missing === undefined) {
  let postgres: PostgresServer
  let url = ''
  beforeAll(async () => {
    postgres = await startPostgres()
    url = await postgres.freshUrl()
  }, 60_000)
  afterAll(async () => { await postgres.close() })
  describeHistory('PostgreSQL', { databaseUrl: async () => url, asked: sql => postgres.ask(sql, url) })
} else {
  describe('history of the built server, PostgreSQL', () => { it.skip(missing, () => {}) })
}
