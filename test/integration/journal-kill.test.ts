import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { readSettings } from '../../server/config/settings.ts'
import { silentLog } from '../../server/log.ts'
import { openStore } from '../../server/store/open-store.ts'
import type { CallGrant } from '../../shared/calls.ts'
import { connectWebSocket, type WireEvent } from '../contract/contract-client.ts'
import { startKaiwa, type KaiwaServer } from '../fakes/kaiwa-server.ts'
import { startScriptedUpstream } from '../fakes/scripted-upstream.ts'

/** More of them take longer and find more: `KAIWA_KILLS=200`. */
const KILLS = Number(process.env.KAIWA_KILLS ?? 8)
const LONGEST_TALK_MS = 250
const dirs: string[] = []
afterAll(() => { for (const dir of dirs) rmSync(dir, { recursive: true, force: true }) })

/** What a page was shown as final, in the order in which it was. */
interface Shown { conversationId: string, items: Map<string, { text: string, cutAtMs: number | null }>, responses: Set<string>, deleted: Set<string> }

function note(shown: Shown, event: WireEvent) {
  switch (event.type) {
    case 'conversation.item.added': case 'conversation.item.done': {
      const text = (event.item.content as { text?: string, transcript?: string }[]).map(part => part.text ?? part.transcript ?? '').join('')
      if (event.item.status === 'completed' && text) shown.items.set(event.item.id, { text, cutAtMs: shown.items.get(event.item.id)?.cutAtMs ?? null })
      return
    }
    case 'conversation.item.truncated': shown.items.get(event.item_id)!.cutAtMs = event.audio_end_ms; return
    case 'conversation.item.deleted':
      shown.items.delete(event.item_id)
      shown.deleted.add(event.item_id)
      return
    case 'response.done': shown.responses.add(event.response.id)
  }
}

/** Talks as fast as it is answered, until the line breaks. */
async function talk({ address }: KaiwaServer): Promise<Shown> {
  const granted = await fetch(`${address}/api/calls`, { method: 'POST', body: '{}', headers: { 'content-type': 'application/json', origin: address } })
  const grant = await granted.json() as CallGrant
  const shown: Shown = { conversationId: grant.conversation_id, items: new Map(), responses: new Set(), deleted: new Set() }
  const page = await connectWebSocket(`${address.replace('http', 'ws')}/v1/realtime`, { protocols: ['realtime', 'kaiwa.v1', `kaiwa.ticket.${grant.ticket}`], headers: { origin: address } })
  let gone = false
  void page.closed.then(() => { gone = true })
  for (let turn = 0; !gone; turn++) {
    page.send({ type: 'conversation.item.create', item: { type: 'message', role: 'user', content: [{ type: 'input_text', text: `Sentence ${turn} of ${grant.call_id}` }] } })
    page.send({ type: 'response.create' })
    const done = await Promise.race([page.next('response.done', 5000), page.closed.then(() => undefined)]).catch(() => undefined)
    const answerId = done?.response.output[0].id as string | undefined
    if (answerId && turn % 3 === 1) page.send({ type: 'conversation.item.truncate', item_id: answerId, content_index: 0, audio_end_ms: 100 + turn })
    if (answerId && turn % 5 === 4) page.send({ type: 'conversation.item.delete', item_id: answerId })
  }
  for (const event of page.events) note(shown, event)
  return shown
}

describe('a server that is killed', () => {
  it(`loses nothing that a page was shown as final, ${KILLS} times in a row: each thing once, in order`, async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'kaiwa-kill-'))
    dirs.push(dataDir)
    const upstream = await startScriptedUpstream({ key: 'test-key' })
    const env = { KAIWA_DATA_DIR: dataDir, OPENAI_API_KEY: 'test-key', OPENAI_BASE_URL: upstream.baseUrl, KAIWA_LOG_LEVEL: 'warn' }
    const talks: Shown[] = []
    for (let kill = 0; kill < KILLS; kill++) {
      const server = await startKaiwa(env)
      const talking = [talk(server), talk(server)]
      await new Promise(resolve => setTimeout(resolve, 20 + Math.random() * LONGEST_TALK_MS))
      process.kill(server.pid, 'SIGKILL')
      talks.push(...(await Promise.allSettled(talking)).flatMap(talked => talked.status === 'fulfilled' ? talked.value : []))
      await server.exited
    }
    const last = await startKaiwa(env)
    expect(await last.stop()).toBe(0)
    await upstream.close()
    expect(talks.reduce((sum, { items }) => sum + items.size, 0)).toBeGreaterThan(KILLS * 4)

    const store = await openStore(readSettings({ KAIWA_DATA_DIR: dataDir }), silentLog)
    for (const { conversationId, items, responses, deleted } of talks) {
      if (items.size + responses.size === 0) continue
      const kept = await store.get('local', conversationId)
      const keptItems = kept!.itemsOf.filter(({ id }) => items.has(id))
      expect(keptItems.map(({ id, text, textState, cutAtMs }) => ({ id, text, textState, cutAtMs: items.get(id)!.cutAtMs === null ? null : cutAtMs })))
        .toEqual([...items].map(([id, { text, cutAtMs }]) => ({ id, text, textState: 'final', cutAtMs })))
      expect(kept!.responses.map(({ id }) => id)).toEqual(expect.arrayContaining([...responses]))
      expect(kept!.itemsOf.filter(({ id }) => deleted.has(id))).toEqual([])
    }
    await store.close()
  }, 60_000 + KILLS * 5000)
})
