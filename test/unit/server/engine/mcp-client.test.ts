import type { RequestListener } from 'node:http'
import { McpFault } from '@kaiwa/engine'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createMcpConnector, type McpConnectorOptions } from '../../../../server/engine/mcp-client.ts'
import { startHttp, startMcpServer, type RunningMcpServer } from '../../../fakes/mcp-server.ts'

const { signal } = new AbortController()
const oslo = '{"location":"Oslo"}'
let house: RunningMcpServer
const closing: (() => Promise<void> | void)[] = []

beforeEach(async () => {
  house = await startMcpServer()
  closing.push(house.close)
})
afterEach(async () => { for (const close of closing.splice(0).toReversed()) await close() })

async function connect(serverUrl: string, options: Partial<McpConnectorOptions> & { authorization?: string, headers?: Record<string, string> } = {}) {
  const { authorization, headers, ...connecting } = options
  const server = await createMcpConnector({ reach: 'anywhere', ...connecting }).connect({ serverUrl, authorization, headers, signal })
  closing.push(() => server.close())
  return server
}

async function failure(work: Promise<unknown>) {
  const cause = await work.then(() => undefined, (reason: unknown) => reason)
  expect(cause).toBeInstanceOf(McpFault)
  return (cause as McpFault).error
}

async function lying(answer: RequestListener): Promise<string> {
  const server = await startHttp(answer)
  closing.push(server.close)
  return `${server.origin}/mcp`
}

describe('an MCP server over streamable HTTP', () => {
  it('is connected to, lists its tools and runs one', async () => {
    const server = await connect(house.url, { authorization: 'tok-1', headers: { 'x-house': 'seven', host: 'elsewhere' } })
    const tools = await server.listTools(signal)
    expect(tools[0]).toMatchObject({ name: 'get_weather', description: 'The weather in a city.', input_schema: { type: 'object' }, annotations: { readOnlyHint: true } })
    expect(await server.callTool('get_weather', oslo, signal)).toBe('Drizzle in Oslo')
    expect(house.calls).toEqual([{ name: 'get_weather', given: { location: 'Oslo' } }])
    expect(house.headers()).toMatchObject({ authorization: 'Bearer tok-1', 'x-house': 'seven', host: expect.stringContaining('127.0.0.1') })
  })

  it('has a tool\'s own failure told in the tool\'s words', async () => {
    const server = await connect(house.url)
    expect(await failure(server.callTool('break_down', oslo, signal))).toEqual({ type: 'tool_execution_error', message: 'There is no weather today.' })
  })

  it.each(['say_much', 'say_too_much'])('refuses a result without measure: %s', async name => {
    const server = await connect(house.url)
    expect(await failure(server.callTool(name, oslo, signal))).toEqual({ type: 'http_error', code: 502, message: 'The MCP server answered with more than this server takes.' })
  })

  it('refuses arguments that are no object, before the server sees them', async () => {
    const server = await connect(house.url)
    expect(await failure(server.callTool('get_weather', '{"loc', signal))).toMatchObject({ type: 'protocol_error', message: 'The arguments are no JSON object.' })
    expect(house.calls).toEqual([])
  })

  it('waits for a tool only so long, and stops when nobody waits', async () => {
    const server = await connect(house.url, { limits: { callMs: 50 } })
    expect(await failure(server.callTool('hang', oslo, signal))).toEqual({ type: 'http_error', code: 504, message: 'The MCP server took too long to run the tool.' })
    const abort = new AbortController()
    const call = failure((await connect(house.url)).callTool('hang', oslo, abort.signal))
    abort.abort()
    expect((await call).type).toBe('http_error')
  })
})

describe('a server that isn\'t what it says', () => {
  it('is down', async () => {
    await house.close()
    expect(await failure(connect(house.url))).toEqual({ type: 'http_error', code: 502, message: 'The MCP server could not be reached (ECONNREFUSED).' })
  })

  it('hangs', async () => {
    const url = await lying(() => {})
    expect(await failure(connect(url, { limits: { connectMs: 50 } }))).toMatchObject({ code: 504 })
  })

  it('refuses us: the status is told, the token never', async () => {
    const url = await lying((request, response) => response.writeHead(401).end(`bad token ${request.headers.authorization}`))
    const error = await failure(connect(url, { authorization: 'tok-secret' }))
    expect(error).toEqual({ type: 'http_error', code: 401, message: 'The MCP server answered with HTTP status 401 when asked to connect.' })
  })

  it('quotes the token in its own error', async () => {
    const url = await lying(async (request, response) => {
      let body = ''
      for await (const piece of request) body += String(piece)
      const { id } = JSON.parse(body) as { id: number }
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ jsonrpc: '2.0', id, error: { code: -32_000, message: `no entry for ${request.headers.authorization}` } }))
    })
    const error = await failure(connect(url, { authorization: 'tok-secret' }))
    expect(error).toMatchObject({ type: 'protocol_error', code: -32_000, message: expect.stringContaining('no entry for Bearer [hidden]') })
  })

  it.each<[string, RequestListener]>([
    ['no JSON', (_request, response) => response.writeHead(200, { 'content-type': 'application/json' }).end('{"jsonrpc":')],
    ['JSON that is something else', (_request, response) => response.writeHead(200, { 'content-type': 'application/json' }).end('[1,2]')],
    ['a web page', (_request, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Hello</h1>')],
    ['nothing', (_request, response) => response.writeHead(200, { 'content-type': 'text/event-stream' }).end()],
    ['half an answer', (request, response) => { response.writeHead(200, { 'content-type': 'application/json' }).write('{'); setTimeout(() => request.destroy(), 20) }],
    ['a line that breaks', request => request.destroy()],
  ])('answers with %s', async (_what, answer) => {
    expect((await failure(connect(await lying(answer), { limits: { connectMs: 300 } }))).type).toBe('http_error')
  })

  it('redirects: not followed, wherever to', async () => {
    const url = await lying((_request, response) => response.writeHead(307, { location: house.url }).end())
    expect(await failure(connect(url))).toEqual({ type: 'http_error', code: 502, message: 'The MCP server redirects to another address, which is not followed.' })
    expect(house.headers()).toEqual({})
  })
})

describe('a server that others can reach', () => {
  it.each([
    ['http://example.org/mcp', 'https only'],
    ['https://127.0.0.1/mcp', 'public Internet'],
    ['https://[::ffff:127.0.0.1]/mcp', 'public Internet'],
    ['https://0x7f.1/mcp', 'public Internet'],
    ['https://169.254.169.254/latest', 'public Internet'],
    ['https://user:word@example.org/', 'no user name'],
    ['ftp://example.org/', 'Only http'],
  ])('doesn\'t call %s', async (url, why) => {
    expect(await failure(connect(url, { reach: 'public' }))).toMatchObject({ type: 'http_error', code: 403, message: expect.stringContaining(why) })
  })

  it('doesn\'t call a public name that leads inside', async () => {
    const lookup: McpConnectorOptions['lookup'] = (_name, { all }, done) => all ? done(null, [{ address: '1.1.1.1', family: 4 }, { address: '10.0.0.7', family: 4 }]) : done(null, '10.0.0.7', 4)
    expect(await failure(connect('https://rebinding.example/mcp', { reach: 'public', lookup }))).toMatchObject({ code: 403, message: expect.stringContaining('public Internet') })
  })
})
