import { readFileSync, readdirSync } from 'node:fs'
import { expect } from 'vitest'
import type { CallGrant } from '../../shared/calls.ts'
import { connectWebSocket, type ContractClient } from '../contract/contract-client.ts'
import { startKaiwa, type KaiwaOptions, type KaiwaServer } from './kaiwa-server.ts'
import { inspectMemory, type KeptMemory } from './inspected-memory.ts'
import { openRawLine, upgradeRequest, type RawLine } from './raw-line.ts'
import { startScriptedUpstream, type ScriptedUpstream, type ScriptedUpstreamOptions } from './scripted-upstream.ts'

export const secrets = {
  key: 'sk-siege-key-5e0b1d7c93f24a', password: 'siege-password-0d4c9be2', raider: 'siege-raider-77f1a0c2d9b84e36', control: 'siege-control-1b9d64e0a7f35c28',
}
const everySecret = new RegExp(Object.values(secrets).join('|'))
/** What only a program's inside looks like. */
const INSIDES = /node_modules|\.output\/|file:\/\/|\n\s+at |\.m?[tj]s:\d/

/** The built server, a scripted model behind it, a call that must never notice anything, and hostile callers. */
export interface BesiegedKaiwa {
  kaiwa: KaiwaServer
  upstream: ScriptedUpstream
  /** A program's token, which hostile callers have. */
  asRaider: Record<string, string>
  /** A bare line that asked for an upgrade; `answer` is what it got, up to the first event of a session or the end. */
  knock(headers?: Record<string, string | undefined>, target?: string, method?: string): Promise<Knocked>
  /** A bare line, upgraded: of a program, or of a page. */
  program(options?: { stubborn?: boolean, headers?: Record<string, string> }): Promise<RawLine>
  page(options?: { stubborn?: boolean }): Promise<RawLine>
  /** A client with the raider's token. */
  client(query?: string): Promise<ContractClient>
  /** A client as the page is one. */
  pageClient(): Promise<ContractClient>
  signIn(from?: string): Promise<string>
  grant(cookie: string, headers?: Record<string, string>): Promise<CallGrant>
  post(path: string, body?: unknown, headers?: Record<string, string>): Promise<Response>
  /** Lines of the log since the call of this function that contain `text`. */
  marked(): (text: string | RegExp) => string[]
  metric(name: string, labels?: string): Promise<number>
  residentBytes(): number
  /** What the process keeps, after a collection. Only where it was started with `inspected`. */
  keptMemory(): Promise<KeptMemory>
  descriptors(): number
  /** The process lives, the control call is answered, nothing reached the last resort, and nothing secret was told. */
  expectUnharmed(): Promise<void>
  /** All calls but the control call are over, and settled with the model. */
  expectEmpty(): Promise<void>
  close(): Promise<void>
}

export interface Knocked { status: number, head: string, text: string, code: string | undefined, line: RawLine }

export interface SiegeOptions extends KaiwaOptions { settings?: Record<string, string>, conversation?: ScriptedUpstreamOptions['conversation'], inspected?: boolean }

export async function besiege({ settings = {}, conversation, inspected = false, ...options }: SiegeOptions = {}): Promise<BesiegedKaiwa> {
  const upstream = await startScriptedUpstream({ key: secrets.key, conversation })
  const kaiwa = await startKaiwa({
    OPENAI_API_KEY: secrets.key, OPENAI_BASE_URL: upstream.baseUrl, KAIWA_PASSWORD: secrets.password,
    KAIWA_API_TOKENS: `raider:${secrets.raider},control:${secrets.control}`, KAIWA_MAX_CALLS: '1000', KAIWA_MAX_CALLS_PER_USER: '1000', ...settings,
  }, { ...options, ...(inspected && { nodeOptions: '--inspect=127.0.0.1:0' }) }).catch(async (error: unknown) => {
    await upstream.close()
    throw error
  })
  const { address, port, pid } = kaiwa
  const asRaider = { Authorization: `Bearer ${secrets.raider}` }
  const wsUrl = `ws://127.0.0.1:${port}/v1/realtime?model=gpt-realtime-2.1`
  const control = await connectWebSocket(wsUrl, { headers: { Authorization: `Bearer ${secrets.control}` } })
  await control.next('session.created')
  const inspector = inspected ? await inspectMemory(kaiwa.log()) : undefined
  let rounds = 0
  let signIns = 0
  let cookie: Promise<string> | undefined
  let checkedUpTo = 0

  const post = (path: string, body: unknown = {}, headers: Record<string, string> = {}) => fetch(address + path, {
    method: 'POST', headers: { 'content-type': 'application/json', origin: address, ...headers }, body: typeof body === 'string' ? body : JSON.stringify(body),
  })

  /** Each from another address: tries are counted by it. */
  async function signIn(from = `203.0.113.${++signIns % 250}`): Promise<string> {
    const answer = await post('/api/login', { password: secrets.password }, { 'x-forwarded-for': from })
    const pair = answer.headers.getSetCookie().map(line => line.split(';')[0]!).find(line => /^(__Host-)?kaiwa=/.test(line))
    if (answer.status !== 204 || !pair) throw new Error(`not signed in: ${answer.status} ${await answer.text()}`)
    return pair
  }

  async function grant(as: string, headers: Record<string, string> = {}): Promise<CallGrant> {
    const answer = await post('/api/calls', {}, { cookie: as, ...headers })
    if (answer.status !== 201) throw new Error(`no ticket: ${answer.status} ${await answer.text()}`)
    return await answer.json() as CallGrant
  }

  async function knock(headers: Record<string, string | undefined> = {}, target?: string, method?: string): Promise<Knocked> {
    const line = await openRawLine(port)
    line.write(upgradeRequest(port, headers, target, method))
    const text = (await line.read({ until: 'session.created' })).toString('latin1')
    const [head = '', body = ''] = text.split('\r\n\r\n')
    const status = Number(head.split(' ')[1])
    expect(text).not.toMatch(INSIDES)
    if (status !== 101) line.socket.destroy()
    return { status, head, text, line, code: status === 101 ? undefined : codeIn(body) }
  }

  async function enter(headers: Record<string, string>, stubborn: boolean): Promise<RawLine> {
    const line = await openRawLine(port, { stubborn })
    line.write(upgradeRequest(port, headers))
    const got = (await line.read({ until: 'session.created' })).toString('latin1')
    if (!got.startsWith('HTTP/1.1 101 ')) throw new Error(`not let in: ${got.slice(0, 600)}`)
    return line
  }

  const pageHeaders = async () => {
    const as = await (cookie ??= signIn())
    return { origin: address, cookie: as, ticket: (await grant(as)).ticket }
  }

  async function metric(name: string, labels = ''): Promise<number> {
    const text = await (await fetch(`${address}/metrics`)).text()
    const lines = text.split('\n').filter(line => (line.startsWith(`${name} `) || line.startsWith(`${name}{`)) && line.includes(labels))
    return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)
  }

  async function expectUnharmed() {
    const words = `round ${++rounds}`
    control.send({ type: 'conversation.item.create', item: { type: 'message', role: 'user', content: [{ type: 'input_text', text: words }] } })
    control.send({ type: 'response.create' })
    // Its own answer: one that came too late for the round before is no reason to fail this one.
    await control.next(({ type, transcript }) => type === 'response.output_audio_transcript.done' && transcript === `You said ${words}.`)
    await control.next('response.done')
    expect(await metric('kaiwa_trapped_errors_total')).toBe(0)
    const fresh = kaiwa.log().slice(checkedUpTo)
    checkedUpTo += fresh.length
    expect(fresh).not.toMatch(/global trap/)
    expect(fresh).not.toMatch(everySecret)
  }

  return {
    kaiwa, upstream, asRaider, knock, signIn, grant, post, metric, expectUnharmed,
    program: ({ stubborn = false, headers = {} } = {}) => whenThereIsRoom(() => enter({ ...asRaider, ...headers }, stubborn)),
    page: ({ stubborn = false } = {}) => whenThereIsRoom(async () => {
      const { origin, cookie: as, ticket } = await pageHeaders()
      return enter({ Origin: origin, Cookie: as, 'Sec-WebSocket-Protocol': `realtime, kaiwa.v1, kaiwa.ticket.${ticket}` }, stubborn)
    }),
    client: (query = '?model=gpt-realtime-2.1') => whenThereIsRoom(() => connectWebSocket(`ws://127.0.0.1:${port}/v1/realtime${query}`, { headers: asRaider })),
    pageClient: () => whenThereIsRoom(async () => {
      const { origin, cookie: as, ticket } = await pageHeaders()
      return connectWebSocket(wsUrl.split('?')[0]!, { protocols: ['realtime', 'kaiwa.v1', `kaiwa.ticket.${ticket}`], headers: { origin, cookie: as } })
    }),
    marked() {
      const from = kaiwa.log().length
      return text => kaiwa.log().slice(from).split('\n').filter(line => typeof text === 'string' ? line.includes(text) : text.test(line))
    },
    residentBytes: () => Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) * 1024,
    keptMemory: async () => {
      if (!inspector) throw new Error('The server was not started with `inspected`.')
      return await inspector.kept()
    },
    async expectEmpty() {
      const open = () => upstream.connections.filter(({ socket, closed }) => socket && !closed).length
      await expect.poll(open, { timeout: 8000, interval: 20 }).toBeLessThanOrEqual(1)
    },
    descriptors: () => readdirSync(`/proc/${pid}/fd`).length,
    async close() {
      control.close()
      inspector?.close()
      const code = await kaiwa.stop()
      await upstream.close()
      expect(code).toBe(0)
      expect(kaiwa.log()).toMatch(/"trapped":0,"msg":"stopped"/)
      expect(kaiwa.log()).not.toMatch(everySecret)
    },
  }
}

/** A server under this much fire takes no new calls for moments at a time (503), as it should. */
async function whenThereIsRoom<T>(enter: () => Promise<T>): Promise<T> {
  const untilMs = performance.now() + 40_000
  for (;;) {
    try {
      return await enter()
    } catch (error) {
      if (!/\b503\b/.test(String(error)) || performance.now() > untilMs) throw error
      await new Promise(resolve => setTimeout(resolve, 100))
    }
  }
}

function codeIn(body: string): string | undefined {
  try {
    return (JSON.parse(body) as { error?: { code?: string } }).error?.code
  } catch {
    return undefined
  }
}
