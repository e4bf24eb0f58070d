import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { afterEach, describe, expect, it } from 'vitest'
import { openSpoolFolder } from '../../server/journal/spool-files.ts'
import { openSpool, type SpoolTrouble } from '../../server/journal/spool.ts'
import { StoreError, type StoreTrouble } from '../../server/store/store.ts'
import type { ContractClient } from '../contract/contract-client.ts'
import { createMemoryStore, type MemoryStore } from '../fakes/memory-store.ts'
import { startServer, type RunningServer } from '../fakes/running-server.ts'
import { startScriptedUpstream, type ScriptedUpstream } from '../fakes/scripted-upstream.ts'

const closing: (() => unknown)[] = []
afterEach(async () => { for (const close of closing.splice(0).reverse()) await close() })

async function scene({ env = {}, store = createMemoryStore() }: { env?: Record<string, string>, store?: MemoryStore } = {}) {
  const upstream: ScriptedUpstream = await startScriptedUpstream({ key: 'sk-canary-5678' })
  const dataDir = mkdtempSync(join(tmpdir(), 'kaiwa-journal-'))
  closing.push(() => rmSync(dataDir, { recursive: true, force: true }), upstream.close)
  async function start(): Promise<RunningServer> {
    const server = await startServer({ env: { OPENAI_API_KEY: 'sk-canary-5678', OPENAI_BASE_URL: upstream.baseUrl, KAIWA_DATA_DIR: dataDir, ...env }, openStore: async () => store })
    closing.push(server.close)
    return server
  }
  const server = await start()
  return { upstream, dataDir, store, server, start }
}

async function say(client: ContractClient, text: string) {
  client.send({ type: 'conversation.item.create', item: { type: 'message', role: 'user', content: [{ type: 'input_text', text }] } })
  client.send({ type: 'response.create' })
  return client.next('response.done')
}

const inSpool = (dataDir: string) => readdirSync(join(dataDir, 'spool')).filter(name => name.endsWith('.jsonl')).map(name => readFileSync(join(dataDir, 'spool', name), 'utf8')).join('')
const textsOf = (store: MemoryStore, conversationId: string) => [...new Set(store.entries.flatMap(entry => entry.type === 'item' && entry.conversationId === conversationId && entry.item.textState === 'final' ? entry.item.text : []))]

describe('a call', () => {
  it('is in the store, page and program alike, each under its person, with what it cost', async () => {
    const { server, store } = await scene({ env: { KAIWA_API_TOKENS: 'ci:token-of-sixteen-signs' } })
    server.instance.beginKeeping()
    const program = await server.connect({ query: '?model=gpt-realtime-2.1', headers: { authorization: 'Bearer token-of-sixteen-signs' } })
    await say(program, 'From a program')
    program.close()
    await expect.poll(() => store.entries.some(({ type }) => type === 'call_ended')).toBe(true)
    const list = await store.list('token:ci', { limit: 10 })
    expect(list.entries).toHaveLength(1)
    const kept = await store.get('token:ci', list.entries[0]!.id)
    expect(kept!.itemsOf.map(({ role, text }) => [role, text])).toEqual([['user', 'From a program'], ['assistant', 'You said From a program.']])
    expect(kept!.usd).toBeGreaterThan(0)
    expect(kept!.callsOf[0]).toMatchObject({ endedHow: 'client', model: 'gpt-realtime-2.1' })
    expect(await store.get('local', list.entries[0]!.id)).toBeUndefined()
  })

  it('is in the spool before its page sees it, and nothing there tells a key or a ticket', async () => {
    const { server, dataDir } = await scene()
    const page = await server.connectPage()
    await say(page, 'My key is sk-canary-5678')
    const spooled = inSpool(dataDir)
    expect(spooled).toContain('My key is')
    expect(spooled).not.toContain('sk-canary-5678')
    expect(spooled).not.toContain(page.grant.ticket)
  })

  it('keeps both voices with KAIWA_STORE=all, and deletes them with the rest', async () => {
    const { server, store, dataDir } = await scene({ env: { KAIWA_STORE: 'all' } })
    server.instance.beginKeeping()
    const page = await server.connectPage()
    await page.next('session.updated')
    const said = Buffer.from(Int16Array.from({ length: 2400 }, (_, at) => at).buffer)
    for (let n = 0; n < 3; n++) page.send({ type: 'input_audio_buffer.append', audio: said.toString('base64') })
    page.send({ type: 'input_audio_buffer.commit' })
    await say(page, 'And typed')
    page.close()
    const { conversation_id: id } = page.grant
    await expect.poll(async () => (await store.audio('local', id)).length, { timeout: 5000 }).toBe(2)
    const [user, assistant] = (await store.audio('local', id)).sort((a, b) => a.speaker < b.speaker ? 1 : -1)
    const bytes = await buffer(await server.instance.journal.audio.read(user!.key))
    expect(bytes.equals(Buffer.concat([said, said, said]))).toBe(true)
    expect(assistant).toMatchObject({ speaker: 'assistant', sampleRate: 24_000, bytes: 48_000 })
    expect(assistant!.itemId).toBe((await store.get('local', id))!.itemsOf.find(({ role }) => role === 'assistant')!.id)
    await server.instance.journal.forgetting.conversation('local', id)
    expect(existsSync(join(dataDir, 'audio', id))).toBe(false)
  })

  it('leaves nothing anywhere with KAIWA_STORE=none', async () => {
    const { server, dataDir, store } = await scene({ env: { KAIWA_STORE: 'none' } })
    server.instance.beginKeeping()
    await say(await server.connectPage(), 'Off the record')
    expect(inSpool(dataDir)).toBe('')
    expect(await server.instance.journal.caughtUp(1000)).toBe(true)
    expect(store.entries).toEqual([])
  })
})

describe('S3: the store', () => {
  it.each<StoreTrouble>(['gone', 'read_only', 'timeout', 'busy'])('%s: calls go on, begin and end; all of it arrives later, in order', async trouble => {
    const { server, store, dataDir } = await scene()
    let down = true
    store.onWrite = () => { if (down) throw new StoreError(trouble, 'Not now.') }
    server.instance.beginKeeping()
    const page = await server.connectPage()
    for (const words of ['One', 'Two', 'Three']) await say(page, words)
    page.close()
    const second = await server.connectPage()
    await say(second, 'Four')
    expect(store.entries).toEqual([])
    expect(inSpool(dataDir).includes('You said Four.')).toBe(true)
    down = false
    expect(await server.instance.journal.caughtUp(5000)).toBe(true)
    expect(textsOf(store, page.grant.conversation_id)).toEqual(['One', 'You said One.', 'Two', 'You said Two.', 'Three', 'You said Three.'])
    expect(textsOf(store, second.grant.conversation_id)).toEqual(['Four', 'You said Four.'])
    const seqs = store.entries.filter(({ callId }) => callId === page.grant.call_id).map(({ seq }) => seq)
    expect(seqs).toEqual(seqs.map((_, at) => at + 1))
  })

  it('slow: nobody who talks waits for it', async () => {
    const { server, store } = await scene()
    let release = () => {}
    const held = new Promise<void>(resolve => { release = resolve })
    store.onWrite = () => held
    server.instance.beginKeeping()
    const page = await server.connectPage()
    for (let turn = 0; turn < 20; turn++) await say(page, `Sentence ${turn}`)
    expect(store.writes).toHaveLength(1)
    expect(store.entries).toEqual([])
    release()
    expect(await server.instance.journal.caughtUp(5000)).toBe(true)
    expect(textsOf(store, page.grant.conversation_id)).toHaveLength(40)
  })

  it('away over a restart: the next process brings what this one couldn\'t', async () => {
    const { server, store, start } = await scene()
    store.onWrite = () => { throw new StoreError('gone', 'Gone.') }
    server.instance.beginKeeping()
    const page = await server.connectPage()
    await say(page, 'Before')
    await server.instance.endKeeping(10)
    store.onWrite = undefined
    const reopened = createMemoryStore()
    Object.assign(store, { ...reopened, entries: reopened.entries, writes: reopened.writes })
    const next = await start()
    next.instance.beginKeeping()
    expect(await next.instance.journal.caughtUp(5000)).toBe(true)
    expect(textsOf(reopened, page.grant.conversation_id)).toEqual(['Before', 'You said Before.'])
  })
})

describe('what was deleted', () => {
  it('stays deleted: store, spool, and what its call, which goes on, says afterwards', async () => {
    const { server, store, dataDir } = await scene()
    server.instance.beginKeeping()
    const page = await server.connectPage()
    await say(page, 'Canary-words')
    const { journal } = server.instance
    expect(await journal.forgetting.conversation('local', 'conv_of_nobody')).toBe(false)
    expect(await journal.forgetting.conversation('somebody:else', page.grant.conversation_id)).toBe(false)
    expect(await journal.forgetting.conversation('local', page.grant.conversation_id)).toBe(true)
    await say(page, 'Canary-again')
    page.close()
    await journal.caughtUp(2000)
    expect(inSpool(dataDir)).not.toContain('Canary')
    expect(await store.get('local', page.grant.conversation_id)).toBeUndefined()
    expect(server.log()).not.toContain('Canary')
  })

  it('everything of a person goes, also what had not reached the store', async () => {
    const { server, store, dataDir } = await scene()
    let down = true
    store.onWrite = () => { if (down) throw new StoreError('gone', 'Gone.') }
    server.instance.beginKeeping()
    const page = await server.connectPage()
    await say(page, 'Canary-words')
    down = false
    expect(await server.instance.journal.forgetting.everythingOf('local')).toEqual({ conversations: 1 })
    await say(page, 'Canary-again')
    await server.instance.journal.caughtUp(2000)
    expect(inSpool(dataDir)).toBe('')
    expect((await store.list('local', { limit: 10 })).entries).toEqual([])
  })
})

describe('S4: the disk', () => {
  it('full: the call goes on, new ones are refused with a reason, and are taken again when there is room', async () => {
    const { server, dataDir } = await scene()
    const page = await server.connectPage()
    await say(page, 'One')
    // The spool's next file can't be made, which is due after a megabyte: its folder isn't there.
    rmSync(join(dataDir, 'spool'), { recursive: true })
    writeFileSync(join(dataDir, 'spool'), '')
    for (let turn = 0; turn < 14; turn++) await say(page, 'x'.repeat(20_000))
    const refused = await server.post()
    expect(refused.status).toBe(503)
    expect(refused.headers.get('retry-after') ?? '60').toBe('60')
    expect(await refused.json()).toMatchObject({ error: { type: 'server_error', code: 'store_full', message: expect.stringContaining('can\'t be written down') as string } })
    await say(page, 'Still here')
    rmSync(join(dataDir, 'spool'))
    mkdirSync(join(dataDir, 'spool'))
    await expect.poll(async () => (await server.post()).status, { timeout: 5000 }).toBe(201)
    expect(inSpool(dataDir).includes('Still here')).toBe(true)
  })

  it('of 64 kB: fills up and breaks nothing; what was whole before is whole after', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'kaiwa-small-'))
    closing.push(() => rmSync(dir, { recursive: true, force: true }))
    if (!mounted(dir)) return console.warn('No file system of 64 kB can be mounted here: a full disk is tested with the one in memory only (spool.test.ts).')
    const troubles: SpoolTrouble[] = []
    const open = () => openSpool({ files: openSpoolFolder(dir), setTimer: () => () => undefined, onTrouble: trouble => troubles.push(trouble) })
    const spool = open()
    const line = (seq: number) => JSON.stringify({ type: 'item_removed', callId: 'call_1', conversationId: 'conv_1', seq, atMs: 1, itemId: 'x'.repeat(900) })
    let seq = 0
    while (!spool.full && seq < 200) spool.append([line(++seq)], true)
    expect(troubles).toMatchObject([{ what: 'not_written', why: 'ENOSPC' }])
    const after = open()
    const found: number[] = []
    for (let batch = await after.next(50, 8000); batch; batch = await after.next(50, 8000)) {
      found.push(...batch.entries.map(entry => entry.seq))
      after.drained(batch)
    }
    expect(found).toEqual(Array.from({ length: seq - 1 }, (_, at) => at + 1))
    expect(after.reading.brokenLines).toBe(0)
    spool.close()
  })
})

function mounted(dir: string): boolean {
  try {
    execFileSync('/bin/mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', dir], { stdio: 'ignore' })
    closing.push(() => execFileSync('/bin/umount', [dir]))
    return true
  } catch {
    return false
  }
}
