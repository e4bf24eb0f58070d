import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createEngine, createOfflineResponder } from '@kaiwa/engine'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { silentLog } from '../../server/log.ts'
import { openStore } from '../../server/store/open-store.ts'
import type { CallGrant } from '../../shared/calls.ts'
import type { ConversationList, KeptConversation } from '../../shared/history.ts'
import type { ContractClient } from '../contract/contract-client.ts'
import { createCountedIds, realClock } from '../fakes/engine-options.ts'
import { createFakeStages } from '../fakes/fake-stages.ts'
import { keptCall, keptItem } from '../fakes/journalled-call.ts'
import { startServer, type RunningServer, type RunningServerOptions } from '../fakes/running-server.ts'
import { scriptedConversation, type Conversation } from '../fakes/scripted-conversation.ts'
import { rtcIdIn, webrtcCaller } from '../fakes/webrtc-caller.ts'
import { startScriptedUpstream, type ScriptedUpstream } from '../fakes/scripted-upstream.ts'

const closing: (() => unknown)[] = []
afterEach(async () => { for (const close of closing.splice(0).reverse()) await close() })

/** This machine's own, without sign-in. */
const OWNER = 'local'

async function scene(options: RunningServerOptions = {}): Promise<RunningServer> {
  const dataDir = mkdtempSync(join(tmpdir(), 'kaiwa-going-on-'))
  closing.push(() => rmSync(dataDir, { recursive: true, force: true }))
  const server = await startServer({
    ...options, env: { ...options.env, KAIWA_DATA_DIR: dataDir },
    openStore: () => openStore({ store: { databaseUrl: undefined, retentionDays: 0 }, dataDir }, silentLog),
  })
  closing.push(server.close)
  server.instance.beginKeeping()
  await vi.waitFor(() => server.instance.store.list(OWNER, { limit: 1 }), 5000)
  return server
}

async function withUpstream(env: Record<string, string> = {}) {
  const upstream = await startScriptedUpstream({ key: 'test-key' })
  closing.push(upstream.close)
  return { upstream, server: await scene({ env: { OPENAI_API_KEY: 'test-key', OPENAI_BASE_URL: upstream.baseUrl, ...env } }) }
}

const keep = (server: RunningServer, ...calls: Omit<Parameters<typeof keptCall>[0], 'owner'>[]) =>
  server.instance.store.write(calls.flatMap(call => keptCall({ owner: OWNER, ...call })))
const told = (upstream: ScriptedUpstream) => upstream.connections.at(-1)!.events
const itemsTold = (upstream: ScriptedUpstream) => told(upstream).flatMap(event => event.type === 'conversation.item.create' ? event.item as { id?: string, content?: { text: string }[] } : [])
const shown = async (server: RunningServer, id: string) => await (await fetch(`${server.origin}/api/conversations/${id}`)).json() as KeptConversation
const listed = async (server: RunningServer) => (await (await fetch(`${server.origin}/api/conversations`)).json() as ConversationList).conversations
const codeOf = async (response: Response) => [response.status, (await response.json() as { error: { code: string } }).error.code]

async function say(client: ContractClient, text: string) {
  client.send({ type: 'conversation.item.create', item: { type: 'message', role: 'user', content: [{ type: 'input_text', text }] } })
  client.send({ type: 'response.create' })
  return client.next('response.done')
}

async function hangUp(server: RunningServer, page: ContractClient) {
  page.close()
  await expect.poll(() => server.instance.calls.live + server.instance.calls.settling).toBe(0)
}

const earlier = [
  keptItem('item_q', 'What is the tallest tower in Kyoto?'),
  keptItem('item_a', 'It is Nidec Kyoto Tower, which has one hundred and thirty-one metres.', { role: 'assistant', cutAtMs: 1700 }),
  keptItem('item_call', '{"city":"Kyoto"}', { kind: 'function_call', role: null, name: 'weather', toolCallId: 'tool_1' }),
  keptItem('item_out', 'rain', { kind: 'function_call_output', role: null, toolCallId: 'tool_1' }),
  keptItem('item_half', '{}', { kind: 'function_call', role: null, name: 'never_answered', toolCallId: 'tool_2' }),
  keptItem('item_mumble', '', { textState: 'unavailable' }),
]

describe('an old conversation', () => {
  it('goes on: the model is told what was said, as text, before anything of the page; none of it is kept twice', async () => {
    const { upstream, server } = await withUpstream()
    await keep(server, { conversationId: 'conv_old', items: earlier })
    const page = await server.connectPage(undefined, { conversation_id: 'conv_old' })
    const continued = { of: 'conv_old', after_item_id: null, told_item_ids: ['item_q', 'item_a', 'item_call', 'item_out'], left_out_items: 0, persona_replaced: false }
    expect(page.grant).toMatchObject({ conversation_id: 'conv_old', persona: 'default', continued })
    expect(await page.next('kaiwa.call')).toMatchObject({ conversation_id: 'conv_old', continued })
    await say(page, 'And in Tokyo?')
    expect(told(upstream).slice(0, 6)).toMatchObject([
      { type: 'session.update' },
      { item: { id: 'item_q', type: 'message', role: 'user', content: [{ type: 'input_text', text: 'What is the tallest tower in Kyoto?' }] } },
      { item: { id: 'item_a', type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'It is Nidec Kyoto Tower,' }] } },
      { item: { id: 'item_call', type: 'function_call', call_id: 'tool_1', name: 'weather', arguments: '{"city":"Kyoto"}' } },
      { item: { id: 'item_out', type: 'function_call_output', call_id: 'tool_1', output: 'rain' } },
      { item: { content: [{ text: 'And in Tokyo?' }] } },
    ])
    await hangUp(server, page)
    const after = await shown(server, 'conv_old')
    expect(after.items.map(({ text }) => text)).toEqual([...earlier.map(({ text }) => text), 'And in Tokyo?', 'You said And in Tokyo?.'])
    expect(after).toMatchObject({ call_count: 2, branched_after: null, calls: [{ id: 'call_of_conv_old' }, { id: page.grant.call_id, ended_how: 'client' }] })
    expect(after.responses.filter(({ status }) => status !== 'beside'), 'what was told anew was not answered, so not billed').toHaveLength(1)
  })

  it('is gone on with by one call at a time, also when two asked before either came', async () => {
    const { server } = await withUpstream()
    await keep(server, { conversationId: 'conv_busy', items: earlier })
    const [one, other] = await Promise.all([server.post('{"conversation_id":"conv_busy"}'), server.post('{"conversation_id":"conv_busy"}')])
    const page = await server.connectTicket((await one.json() as { ticket: string }).ticket)
    await page.next('session.updated')
    await expect(server.connectTicket((await other.json() as { ticket: string }).ticket)).rejects.toThrow('409')
    expect(await codeOf(await server.post('{"conversation_id":"conv_busy"}'))).toEqual([409, 'conversation_busy'])
    expect(await listed(server)).toMatchObject([{ id: 'conv_busy', live: true }])
    expect((await server.post('{"conversation_id":"conv_busy","after_item_id":"item_q"}')).status, 'a branch is another conversation').toBe(201)
    await hangUp(server, page)
    expect((await server.post('{"conversation_id":"conv_busy"}')).status).toBe(201)
  })

  it('that is long is told from its end, and the model what it doesn\'t know', async () => {
    const { upstream, server } = await withUpstream()
    const items = Array.from({ length: 600 }, (_, at) => keptItem(`item_${at}`, `Sentence ${at}: ${'word '.repeat(20)}`))
    await keep(server, { conversationId: 'conv_long', items })
    await server.instance.store.entitle('conv_long', { by: 'model', title: 'Words', summary: 'They spoke of words.' })
    const page = await server.connectPage(undefined, { conversation_id: 'conv_long' })
    await page.next('session.updated')
    await say(page, 'Go on')
    const ids = itemsTold(upstream).slice(0, -1).map(({ id }) => id)
    expect(ids.at(-1)).toBe('item_599')
    expect(ids).toEqual(page.grant.continued!.told_item_ids)
    expect(page.grant.continued!.left_out_items).toBe(600 - ids.length)
    expect(JSON.stringify(itemsTold(upstream)).length).toBeLessThan(60_000)
    expect(told(upstream)[0]).toMatchObject({ session: { instructions: expect.stringMatching(new RegExp(`first ${600 - ids.length} messages[^]*They spoke of words\\.`)) } })
    await hangUp(server, page)
    expect((await shown(server, 'conv_long')).items.slice(-3).map(({ text }) => text)).toEqual([items.at(-1)!.text, 'Go on', 'You said Go on.'])
  })

  it('is with the persona of then; when that one is gone with the default one, which is said', async () => {
    const { server } = await withUpstream()
    const persona = (id: string) => ({ id, name: id, version: `v_${id}`, body: '{}' })
    await keep(server, { conversationId: 'conv_tutor', items: earlier, persona: persona('language-tutor') }, { conversationId: 'conv_pirate', items: earlier, persona: persona('pirate') })
    expect(await (await server.post('{"conversation_id":"conv_tutor"}')).json()).toMatchObject({ persona: 'language-tutor', continued: { persona_replaced: false } })
    expect(await (await server.post('{"conversation_id":"conv_pirate"}')).json()).toMatchObject({ persona: 'default', continued: { persona_replaced: true } })
    expect(await (await server.post('{"conversation_id":"conv_pirate","persona":"language-tutor"}')).json()).toMatchObject({ persona: 'language-tutor', continued: { persona_replaced: false } })
  })

  it('that is somebody else\'s, or isn\'t there, can\'t be gone on with', async () => {
    const { server } = await withUpstream()
    await server.instance.store.write(keptCall({ owner: 'token:alice', conversationId: 'conv_alice', items: earlier }))
    for (const id of ['conv_alice', 'conv_none', '\' OR 1=1', '']) expect(await codeOf(await server.post(JSON.stringify({ conversation_id: id })))).toEqual([404, 'conversation_not_found'])
    await keep(server, { conversationId: 'conv_mine', items: earlier })
    expect(await codeOf(await server.post('{"conversation_id":"conv_mine","after_item_id":"item_none"}'))).toEqual([404, 'item_not_found'])
  })

  it('of which an item is deleted while it goes on: the model forgets it, too', async () => {
    const { upstream, server } = await withUpstream()
    await keep(server, { conversationId: 'conv_forget', items: earlier })
    const page = await server.connectPage(undefined, { conversation_id: 'conv_forget' })
    await page.next('session.updated')
    const answer = await fetch(`${server.origin}/api/conversations/conv_forget/items/item_a`, { method: 'DELETE', headers: { origin: server.origin } })
    expect(answer.status).toBe(204)
    expect(await page.next('conversation.item.deleted')).toMatchObject({ item_id: 'item_a' })
    expect(told(upstream).at(-1)).toMatchObject({ type: 'conversation.item.delete', item_id: 'item_a' })
    expect((await shown(server, 'conv_forget')).items.map(({ id }) => id)).not.toContain('item_a')
    await hangUp(server, page)
  })

  it('that is deleted while it goes on: the call goes on, and nothing more of it is kept', async () => {
    const { server } = await withUpstream()
    await keep(server, { conversationId: 'conv_gone', items: earlier })
    const page = await server.connectPage(undefined, { conversation_id: 'conv_gone' })
    await say(page, 'One')
    expect((await fetch(`${server.origin}/api/me/data`, { method: 'DELETE', headers: { origin: server.origin } })).status).toBe(200)
    await say(page, 'Two')
    await hangUp(server, page)
    expect(await listed(server)).toEqual([])
  })
})

describe('over WebRTC', () => {
  it('goes on the same way: its sideband tells the model what was said, its page what is old', async () => {
    const { upstream, server } = await withUpstream()
    await keep(server, { conversationId: 'conv_rtc', items: earlier })
    const caller = webrtcCaller(server.origin)
    const grant = await (await server.post('{"conversation_id":"conv_rtc","transport":"webrtc"}')).json() as CallGrant
    const answer = await caller.offer({ headers: { authorization: `Bearer ${grant.ticket}`, origin: server.origin } })
    expect(answer.status).toBe(201)
    expect(upstream.offers[0]!.session).toMatchObject({ type: 'realtime' })
    const house = await caller.house(rtcIdIn(answer), answer.headers.get('kaiwa-ticket')!)
    expect(await house.next('kaiwa.call')).toMatchObject({ conversation_id: 'conv_rtc', continued: { of: 'conv_rtc', told_item_ids: grant.continued!.told_item_ids } })
    await say(house, 'And by WebRTC?')
    expect(itemsTold(upstream).map(({ id }) => id).slice(0, 4)).toEqual(['item_q', 'item_a', 'item_call', 'item_out'])
    expect(await codeOf(await server.post('{"conversation_id":"conv_rtc"}'))).toEqual([409, 'conversation_busy'])
    await hangUp(server, house)
    expect((await shown(server, 'conv_rtc')).items.map(({ text }) => text)).toEqual([...earlier.map(({ text }) => text), 'And by WebRTC?', 'You said And by WebRTC?.'])
  })
})

describe('a branch', () => {
  it('is a new conversation that knows what was said up to there', async () => {
    const { upstream, server } = await withUpstream()
    await keep(server, { conversationId: 'conv_stem', items: earlier })
    const page = await server.connectPage(undefined, { conversation_id: 'conv_stem', after_item_id: 'item_q' })
    expect(page.grant.conversation_id).not.toBe('conv_stem')
    await say(page, 'Something else')
    expect(itemsTold(upstream).map(({ content }) => content?.[0]?.text)).toEqual(['What is the tallest tower in Kyoto?', 'Something else'])
    await hangUp(server, page)
    const branch = await shown(server, page.grant.conversation_id)
    expect(branch).toMatchObject({ branch_of: { conversation_id: 'conv_stem', after_item_id: 'item_q' }, branched_after: 'item_q', item_count: 2 })
    expect(branch.items.map(({ text }) => text)).toEqual(['What is the tallest tower in Kyoto?', 'Something else', 'You said Something else.'])
    expect((await shown(server, 'conv_stem')).items, 'the stem is as it was').toHaveLength(earlier.length)
    const events = await (await fetch(`${server.origin}/api/conversations/${branch.id}/events`)).text()
    expect(events).toContain('Something else')
    expect(events, 'what is deleted in the stem stands nowhere else').not.toContain('tallest')
    // Of a branch of the branch, at a place that it inherited.
    const twig = await server.connectPage(undefined, { conversation_id: branch.id, after_item_id: 'item_q' })
    await say(twig, 'A third way')
    await hangUp(server, twig)
    expect((await shown(server, twig.grant.conversation_id)).items.map(({ text }) => text)).toEqual(['What is the tallest tower in Kyoto?', 'A third way', 'You said A third way.'])
  })
})

describe('the embedded engine', () => {
  it('remembers what was said before', async () => {
    const engine = createEngine({ stages: { ...createFakeStages(), responder: createOfflineResponder({ now: () => new Date(), timeZone: 'UTC', random: Math.random, evaluate: async () => '' }) }, clock: realClock, ids: createCountedIds() })
    const server = await scene({ startEngine: async () => ({ engine, hearing: { able: true, by: 'fake stages' }, close: async () => undefined }) })
    await keep(server, { conversationId: 'conv_ann', items: [keptItem('item_me', 'My name is Annabel.'), keptItem('item_hi', 'Nice to meet you.', { role: 'assistant' })] })
    const page = await server.connectPage(undefined, { conversation_id: 'conv_ann' })
    await page.next('session.updated')
    expect(JSON.stringify(await say(page, 'What is my name?'))).toContain('Annabel')
    await hangUp(server, page)
  })
})

describe('a title', () => {
  /** Answers what is asked beside the conversation; `upstream` sees it in a session of its own. */
  const titling = (send: (event: object) => void, model: string): Conversation => {
    const talk = scriptedConversation(send, model)
    return { ...talk, receive(text) {
      if (!text.includes('"conversation":"none"')) return talk.receive(text)
      const output = [{ type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'Title: "Towers of\u202E Japan"\n\nThey spoke of towers.' }] }]
      send({ type: 'response.created', event_id: 'event_1', response: { id: 'resp_title', status: 'in_progress', output: [] } })
      const usage = { total_tokens: 30, input_tokens: 20, output_tokens: 10,
        input_token_details: { text_tokens: 20 }, output_token_details: { text_tokens: 10 } }
      send({ type: 'response.done', event_id: 'event_2', response: { id: 'resp_title', status: 'completed', output, usage } })
    } }
  }
  async function titled(env: Record<string, string> = {}) {
    const upstream = await startScriptedUpstream({ key: 'test-key', conversation: titling })
    closing.push(upstream.close)
    return { upstream, server: await scene({ env: { OPENAI_API_KEY: 'test-key', OPENAI_BASE_URL: upstream.baseUrl, KAIWA_MODEL: 'gpt-realtime-2.1', ...env } }) }
  }
  const titleOf = async (server: RunningServer, id: string) => (await listed(server)).find(one => one.id === id)?.title

  it('is the first words at once, and what the model makes of it when the call is over; that is paid for and told in what the conversation cost', async () => {
    const { upstream, server } = await titled()
    const page = await server.connectPage()
    const { conversation_id: id } = page.grant
    await say(page, 'How tall is the tower? I wonder.')
    await expect.poll(() => titleOf(server, id)).toBe('How tall is the tower?')
    await say(page, 'And the other one?')
    const { usd } = await shown(server, id)
    await hangUp(server, page)
    await expect.poll(() => titleOf(server, id)).toBe('Towers of Japan')
    const kept = await shown(server, id)
    expect(kept).toMatchObject({ title_by: 'model', summary: 'They spoke of towers.', item_count: 4, responses: [{}, {}, { id: 'resp_title', status: 'beside' }] })
    expect(kept.usd).toBeGreaterThan(usd!)
    const [asked] = upstream.connections[1]!.events
    expect(asked).toMatchObject({ type: 'response.create', response: { conversation: 'none', output_modalities: ['text'], tool_choice: 'none' } })
    expect(JSON.stringify(asked)).toContain('User: How tall is the tower? I wonder.\\nAssistant: You said How tall')
  })

  it('that a person gave stays, and so does what only words were wanted for; one question is its own title', async () => {
    const { upstream, server } = await titled()
    const page = await server.connectPage()
    const { conversation_id: id } = page.grant
    await say(page, 'One')
    await expect.poll(() => titleOf(server, id)).toBe('One')
    await say(page, 'Two')
    const rename = { method: 'PATCH', headers: { origin: server.origin, 'content-type': 'application/json' }, body: '{"title":"Mine","version":1}' }
    expect((await fetch(`${server.origin}/api/conversations/${id}`, rename)).status).toBe(200)
    await hangUp(server, page)
    await expect.poll(async () => (await shown(server, id)).summary).toBe('They spoke of towers.')
    expect(await titleOf(server, id)).toBe('Mine')
    const short = await server.connectPage()
    await say(short, 'Only this')
    await hangUp(server, short)
    await expect.poll(() => titleOf(server, short.grant.conversation_id)).toBe('Only this')
    expect(upstream.connections).toHaveLength(3)
  })

  it('is not asked for without the money for it, nor with KAIWA_TITLES=words', async () => {
    for (const env of [{ KAIWA_TITLES: 'words' }, { KAIWA_BUDGET_USD_PER_DAY: '0.003' }] as Record<string, string>[]) {
      const { upstream, server } = await titled(env)
      await keep(server, { conversationId: 'conv_full', items: [keptItem('item_1', 'One'), keptItem('item_2', 'Two')] })
      const { titles } = server.instance
      const journal = { beside: () => undefined }
      titles.begin({ start: { person: { by: 'anonymous', id: undefined }, conversationId: 'conv_full', model: undefined } as never, brain: server.instance.brain, journal }).ended()
      await expect.poll(() => titleOf(server, 'conv_full')).toBe('One')
      await titles.idle()
      expect(upstream.connections, JSON.stringify(env)).toHaveLength(0)
    }
  })
})
