import { createServer, type IncomingMessage, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createMcpHandler, fromJsonSchema, McpServer } from '@modelcontextprotocol/server'

export interface RunningMcpServer {
  url: string
  /** What tools were called, with what. */
  calls: { name: string, given: unknown }[]
  /** Headers of the last request. */
  headers(): IncomingMessage['headers']
  close(): Promise<void>
}

interface Place { location?: string }
const place = fromJsonSchema<Place>({ type: 'object', properties: { location: { type: 'string' } }, required: ['location'] })
const never = () => new Promise<never>(() => {})

/** A real MCP server with a tool for each way that a call can go. `get_weather` is the one that answers. */
function toolsWith(calls: RunningMcpServer['calls']): McpServer {
  const server = new McpServer({ name: 'house', version: '1.0.0' })
  const tool = (name: string, description: string, answer: (given: Place) => Promise<string> | string, readOnlyHint = false, isError = false) => {
    server.registerTool(name, { description, inputSchema: place, annotations: { readOnlyHint } }, async given => {
      calls.push({ name, given })
      return { content: [{ type: 'text' as const, text: await answer(given) }], isError }
    })
  }
  tool('get_weather', 'The weather in a city.', ({ location }) => `Drizzle in ${location}`, true)
  tool('break_down', 'Fails, always.', () => 'There is no weather today.', false, true)
  tool('say_much', 'Says more than anyone wants.', () => 'x'.repeat(1024 * 1024 + 1))
  tool('say_too_much', 'Says more than that.', () => 'x'.repeat(8 * 1024 * 1024))
  tool('hang', 'Never ends.', never)
  return server
}

/** A real MCP server over streamable HTTP on loopback. */
export async function startMcpServer(): Promise<RunningMcpServer> {
  const calls: RunningMcpServer['calls'] = []
  const handler = createMcpHandler(() => toolsWith(calls))
  let headers: IncomingMessage['headers'] = {}
  const server = await startHttp(async (request, response) => {
    headers = request.headers
    const pieces: Buffer[] = []
    for await (const piece of request) pieces.push(piece as Buffer)
    const body = Buffer.concat(pieces).toString()
    const answer = await handler.fetch(new Request(`http://127.0.0.1${request.url}`, {
      method: request.method, headers: Object.entries(request.headers).map(([name, value]) => [name, String(value)] as [string, string]), ...(body && { body }),
    }))
    response.writeHead(answer.status, Object.fromEntries(answer.headers))
    response.flushHeaders()
    if (answer.body) for await (const piece of answer.body) response.write(piece)
    response.end()
  })
  return { url: `${server.origin}/mcp`, calls, headers: () => headers, close: server.close }
}

/** Any HTTP server on loopback, for servers that aren't what they say. */
export async function startHttp(answer: RequestListener): Promise<{ origin: string, close(): Promise<void> }> {
  const server = createServer(answer)
  await new Promise<void>(resolve => { server.listen(0, '127.0.0.1', resolve) })
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => new Promise(resolve => {
      server.close(() => resolve())
      server.closeAllConnections()
    }),
  }
}
