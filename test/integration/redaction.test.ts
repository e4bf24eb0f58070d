import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connectWebSocket } from '../contract/contract-client.ts'
import { startKaiwa, type KaiwaServer } from '../fakes/kaiwa-server.ts'
import { startScriptedUpstream, type ScriptedUpstream } from '../fakes/scripted-upstream.ts'

/**
 * Canaries: what nobody may find again. Each is sent through whatever refuses, fails or answers, and then looked for in all that
 * the server says to anyone but its rightful reader.
 */
const canaries = {
  // Of letters that an error code may have: a code is what the log holds of an upstream's words.
  key: 'sk_canary_key_5e0b1d7c93f24a', token: 'canary-token-77f1a0c2d9b84e36', metricsToken: 'canary-metrics-1b9d64e0a7f35c28', ticket: 'canary-ticket-AAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
  secret: 'ek_canarysecretAAAAAAAAA', password: 'canary-password-0d4c9be2', phrase: 'canary phrase of a talker', query: 'canary-in-an-address',
}
const everyCanary = new RegExp(Object.values(canaries).join('|'))

/** Where it stands, with what is around it; nothing where there is none. */
const foundIn = (text: string, wanted: RegExp) => {
  const at = text.search(wanted)
  return at < 0 ? [] : [text.slice(Math.max(0, at - 60), at + 80)]
}

let upstream: ScriptedUpstream
let server: KaiwaServer
/** Everything that came back over HTTP. */
const answers: string[] = []

beforeAll(async () => {
  upstream = await startScriptedUpstream({ key: canaries.key })
  server = await startKaiwa({
    OPENAI_API_KEY: canaries.key, OPENAI_BASE_URL: upstream.baseUrl, KAIWA_API_TOKENS: `tests:${canaries.token}`, KAIWA_METRICS_TOKEN: canaries.metricsToken,
    KAIWA_LOG_LEVEL: 'debug',
  })
})
afterAll(async () => {
  await server?.stop()
  await upstream?.close()
})

async function ask(path: string, init: RequestInit = {}): Promise<Response> {
  const answer = await fetch(server.address + path, { redirect: 'manual', ...init })
  answers.push(JSON.stringify([answer.status, answer.statusText, [...answer.headers], await answer.clone().text()]))
  return answer
}

const json = (body: unknown, headers: Record<string, string> = {}): RequestInit =>
  ({ method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: typeof body === 'string' ? body : JSON.stringify(body) })

/** One try to connect; what was said about a refusal is kept. */
async function knock(options: Parameters<typeof connectWebSocket>[1], query = '?model=gpt-realtime-2.1') {
  await connectWebSocket(`ws://127.0.0.1:${server.port}/v1/realtime${query}`, options).then(client => client.close(), (error: unknown) => answers.push(String(error)))
}

describe('what must not be told', () => {
  it('goes in: by refusals, by errors, by calls', async () => {
    for (const accept of ['text/html', 'application/json']) {
      for (const path of ['/nowhere', '/_nuxt/nowhere.js', '/api/nowhere', '/__nuxt_error', '/v1/realtime']) {
        await ask(`${path}?ticket=${canaries.ticket}&q=${canaries.query}`, { headers: { accept, authorization: `Bearer ${canaries.token}x`, 'x-api-key': canaries.key } })
      }
    }
    await ask('/api/login', json({ password: canaries.password }))
    await ask('/api/calls', json(`{"persona": "${canaries.phrase}`))
    await ask('/api/calls', json({ persona: canaries.phrase, conversation_id: canaries.query }))
    await ask('/api/calls', json({}, { origin: `https://${canaries.query}.example` }))
    await ask('/v1/realtime/client_secrets', json({ session: { type: 'realtime', instructions: 7, [canaries.query]: canaries.phrase } }, { authorization: `Bearer ${canaries.secret}` }))
    await ask('/metrics', { headers: { authorization: `Bearer ${canaries.metricsToken}x` } })
    await ask(`/%E0%A4%A?${canaries.query}`)
    await knock({ protocols: ['realtime', 'kaiwa.v1', `kaiwa.ticket.${canaries.ticket}`] })
    await knock({ protocols: ['realtime', `openai-insecure-api-key.${canaries.secret}`] })
    await knock({}, `?ticket=${canaries.ticket}`)
    await knock({ headers: { authorization: `Bearer ${canaries.token}wrong` } })
    await knock({ headers: { origin: `https://${canaries.query}.example` } })
    expect(answers.length).toBeGreaterThan(20)
  })

  it('goes through calls that succeed and calls that fail', async () => {
    const say = { type: 'conversation.item.create', item: { type: 'message', role: 'user', content: [{ type: 'input_text', text: canaries.phrase }] } }
    upstream.script(
      {},
      { misfortunes: [{ afterEvents: 1, do: { act: 'close', code: 3000, error: { type: 'invalid_request_error', code: 'made_up_code', message: `Incorrect API key provided: ${canaries.key}.` } } }] },
      { misfortunes: [{ afterEvents: 1, do: { act: 'close', code: 1011, reason: `gone ${canaries.key}` } }] },
      { misfortunes: [{ afterEvents: 1, do: { act: 'say', frames: [`{bad ${canaries.key}`, JSON.stringify({ type: 'error', error: { type: canaries.query, code: canaries.query, message: canaries.phrase } })] } }] },
      { handshake: { do: 'refuse', status: 403, code: canaries.key, message: `no ${canaries.key}` } },
    )
    for (let call = 0; call < 5; call++) {
      const client = await connectWebSocket(`ws://127.0.0.1:${server.port}/v1/realtime?model=gpt-realtime-2.1`, { headers: { authorization: `Bearer ${canaries.token}` } })
      client.send(say)
      client.send(`{"type": "${canaries.query}", "x": "${canaries.phrase}"`)
      client.send({ type: 'response.create' })
      await Promise.race([client.closed, new Promise(resolve => setTimeout(resolve, 1500))])
      client.close()
      // The key is nobody's to hear; their own words are.
      expect(client.events.map(event => JSON.stringify(event)).join('\n')).not.toContain(canaries.key)
      expect(JSON.stringify(await client.closed)).not.toContain(canaries.key)
    }
  })

  it('is in no answer: no page, no error page, no refusal', () => {
    expect(answers.flatMap(answer => foundIn(answer, everyCanary))).toEqual([])
    expect(answers.flatMap(answer => foundIn(answer, /node_modules|\.output\/|file:\/\/|\\n\s+at |\.m?[tj]s:\d/)), 'paths and stacks').toEqual([])
  })

  it('is not in the metrics', async () => {
    const metrics = await (await fetch(`${server.address}/metrics`, { headers: { authorization: `Bearer ${canaries.metricsToken}` } })).text()
    expect(metrics).toContain('kaiwa_refusals_total')
    expect(metrics).toMatch(/kaiwa_trapped_errors_total 0/)
    expect(metrics).not.toMatch(everyCanary)
    // The operator's own upstream has its address on its breaker; nobody else's is anywhere.
    const ownUpstream = `upstream="${new URL(upstream.baseUrl).host}"`
    expect(metrics).toContain(ownUpstream)
    expect(metrics.replaceAll(ownUpstream, '')).not.toMatch(/canary|127\.0\.0\.1|call_|"tests"/)
  })

  it('is not in the log, though it is the most talkative one', () => {
    expect(server.log().length).toBeGreaterThan(500)
    expect(server.log().split('\n').filter(line => everyCanary.test(line))).toEqual([])
    // What an upstream says in place of a code does get there, and the key was it.
    expect(server.log()).toContain('"saidCode":"[redacted]"')
  })

  it('is in nothing that browsers are given', () => {
    const root = join(process.cwd(), '.output/public')
    const files = readdirSync(root, { recursive: true, withFileTypes: true }).filter(file => file.isFile()).map(file => join(file.parentPath, file.name))
    expect(files.length).toBeGreaterThan(5)
    expect(files.filter(name => everyCanary.test(readFileSync(name, 'latin1')))).toEqual([])
  })
})
