import type { McpAddress, McpConnector, McpServer } from '@kaiwa/engine'
import { McpFault } from '@kaiwa/engine'
import { Client, ProtocolError, SdkError, SdkErrorCode, SdkHttpError, StreamableHTTPClientTransport, type CallToolResult, type JsonSchemaValidator, type jsonSchemaValidator } from '@modelcontextprotocol/client'
import { AnswerTooLarge, createMcpFetch, Redirected, type McpFetchOptions } from './mcp-fetch.ts'
import { RefusedAddress } from './mcp-reach.ts'

/** MCP servers over streamable HTTP, for the embedded engine. Which of them may be called: `mcp-reach.ts`. */

export interface McpLimits { connectMs: number, listMs: number, callMs: number }
const limits: McpLimits = { connectMs: 10_000, listMs: 10_000, callMs: 60_000 }
/** What a tool gives back, as text. More ⇒ the call fails. */
export const MAX_RESULT_BYTES = 1024 * 1024
const MAX_LIST_PAGES = 8
/** A schema of a stranger's may hold a pattern that never ends: results are taken as they are. */
const unchecked: jsonSchemaValidator = { getValidator: <T>(): JsonSchemaValidator<T> => data => ({ valid: true, data: data as T, errorMessage: undefined }) }
/** The transport's own to set. */
const OWN_HEADERS = /^(?:host|content-length|content-type|accept|connection|transfer-encoding|upgrade|expect|te|trailer|mcp-.*|proxy-.*)$/i

export interface McpConnectorOptions extends Omit<McpFetchOptions, 'onBroken'> { limits?: Partial<McpLimits> }

export function createMcpConnector({ limits: asked, ...fetching }: McpConnectorOptions): McpConnector {
  const { connectMs, listMs, callMs } = { ...limits, ...asked }
  return {
    async connect({ serverUrl, authorization, headers = {}, signal }) {
      const secrets = [authorization, ...Object.values(headers)].filter(value => value !== undefined && value !== '') as string[]
      const faultOf = (cause: unknown, doing: string) => mcpFault(cause, doing, secrets)
      const client = new Client({ name: 'kaiwa', version: '1' }, { jsonSchemaValidator: unchecked, listMaxPages: MAX_LIST_PAGES })
      // The stream's faults come with the request that waits for it.
      client.onerror = () => undefined
      const waiting = new Set<(cause: Error) => void>()
      const onBroken = (cause: Error) => { for (const fail of waiting) fail(cause) }
      const work: Work = async (doing, step) => {
        let onFailure = (_cause: Error) => {}
        const broken = new Promise<never>((_resolve, reject) => { onFailure = reject })
        waiting.add(onFailure)
        try {
          return await Promise.race([step(), broken])
        } catch (cause) {
          throw faultOf(cause, doing)
        } finally {
          waiting.delete(onFailure)
        }
      }
      await work('connect', async () => client
        .connect(transportTo({ serverUrl, authorization, headers }, { ...fetching, onBroken }), { timeout: connectMs, signal: signal as AbortSignal })
        .catch(async (cause: unknown) => {
          await client.close().catch(() => undefined)
          throw cause
        }))
      return serverOf(client, work, { listMs, callMs })
    },
  }
}

function transportTo({ serverUrl, authorization, headers = {} }: Omit<McpAddress, 'signal'>, fetching: McpFetchOptions) {
  if (!URL.canParse(serverUrl)) throw new RefusedAddress('The address is no URL.')
  const own = Object.fromEntries(Object.entries(headers).filter(([name]) => !OWN_HEADERS.test(name)))
  return new StreamableHTTPClientTransport(new URL(serverUrl), {
    fetch: createMcpFetch(fetching),
    requestInit: { headers: { ...own, ...(authorization && { Authorization: `Bearer ${authorization}` }) } },
    // What breaks is told at once; the next call makes a new connection.
    reconnectionOptions: { maxRetries: 0, initialReconnectionDelay: 1000, maxReconnectionDelay: 1000, reconnectionDelayGrowFactor: 1 },
  })
}

type Work = <T>(doing: string, step: () => Promise<T>) => Promise<T>

function serverOf(client: Client, work: Work, { listMs, callMs }: Pick<McpLimits, 'listMs' | 'callMs'>): McpServer {
  return {
    listTools: signal => work('list its tools', async () => {
      const { tools } = await client.listTools(undefined, { timeout: listMs, maxTotalTimeout: listMs, signal: signal as AbortSignal })
      return tools.map(({ name, description = '', inputSchema, annotations }) =>
        ({ name, description, input_schema: inputSchema as Record<string, unknown>, ...(annotations && { annotations: { ...annotations } }) }))
    }),
    callTool: (name, argumentsJson, signal) => work('run the tool', async () => {
      const waiting = { timeout: callMs, maxTotalTimeout: callMs, signal: signal as AbortSignal }
      const result = await client.callTool({ name, arguments: readArguments(argumentsJson) }, waiting)
      const output = textOf(result)
      if (Buffer.byteLength(output) > MAX_RESULT_BYTES) throw new AnswerTooLarge('too large')
      if (result.isError) throw new McpFault({ type: 'tool_execution_error', message: output || 'The tool failed and did not say why.' })
      return output
    }),
    close: () => void client.close().catch(() => undefined),
  }
}

function readArguments(json: string): Record<string, unknown> {
  try {
    const value = JSON.parse(json) as unknown
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  } catch {
    // Said below.
  }
  throw new McpFault({ type: 'protocol_error', code: -32_602, message: 'The arguments are no JSON object.' })
}

/** Text as it is; what can't be read aloud is named. Structured content stands in where there is no text. */
function textOf({ content = [], structuredContent }: CallToolResult): string {
  const text = content.map(part => {
    if (part.type === 'text') return part.text
    if (part.type === 'resource' && 'text' in part.resource) return part.resource.text
    return part.type === 'resource_link' ? `[${part.type}: ${part.uri}]` : `[${part.type}]`
  }).join('\n')
  return text === '' && structuredContent !== undefined ? JSON.stringify(structuredContent) : text
}

const MAX_SAID_CHARACTERS = 500

/** One sentence. Only a server's own protocol error is quoted, without the secrets that we gave it. */
function mcpFault(cause: unknown, doing: string, secrets: readonly string[]): McpFault {
  if (cause instanceof McpFault) return new McpFault({ ...cause.error, message: hideSecrets(cause.error.message, secrets) })
  const http = (code: number, message: string) => new McpFault({ type: 'http_error', code, message })
  for (let inner: unknown = cause; inner instanceof Error; inner = inner.cause) {
    if (inner instanceof RefusedAddress) return http(403, inner.message)
    if (inner instanceof Redirected) return http(502, 'The MCP server redirects to another address, which is not followed.')
    if (inner instanceof AnswerTooLarge) return http(502, 'The MCP server answered with more than this server takes.')
    if (inner instanceof SdkHttpError && inner.status) return http(inner.status, `The MCP server answered with HTTP status ${inner.status} when asked to ${doing}.`)
    if (inner instanceof ProtocolError) return new McpFault({ type: 'protocol_error', code: inner.code, message: hideSecrets(inner.message, secrets).slice(0, MAX_SAID_CHARACTERS) })
    if (inner instanceof SdkError && inner.code === SdkErrorCode.RequestTimeout) return http(504, `The MCP server took too long to ${doing}.`)
    const code = 'code' in inner ? inner.code : undefined
    if (typeof code === 'string' && /^E[A-Z_]+$/.test(code)) return http(502, `The MCP server could not be reached (${code}).`)
  }
  return http(502, `The MCP server gave no usable answer when asked to ${doing}.`)
}

const hideSecrets = (text: string, secrets: readonly string[]) => secrets.reduce((shown, secret) => shown.replaceAll(secret, '[hidden]'), text)
