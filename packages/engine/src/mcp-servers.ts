import type { McpListedTool, McpListToolsItem, McpTool, ServerError, ServerEventDraft, Tool } from '@kaiwa/protocol'
import { invalidValue, missingParameter, wireError } from '@kaiwa/protocol/errors'
import type { Conversation, Entry } from './conversation.ts'
import { within } from './deadline.ts'
import type { Clock } from './engine.ts'
import { asMcpError } from './mcp.ts'
import type { McpConnector, McpServer } from './mcp.ts'
import { isAllowed, needsApproval } from './mcp-offer.ts'
import type { McpTarget } from './mcp-offer.ts'
import { withoutMcp } from './unsupported.ts'

/** Servers of one session. More ⇒ the definition is refused. */
export const MAX_MCP_SERVERS = 16
/** Tools of one server, after `allowed_tools`. More ⇒ the first ones are taken. */
export const MAX_MCP_TOOLS = 128
/** The connector has shorter limits of its own; these hold whatever it does. */
const IMPORT_WITHIN_MS = 25_000
const CALL_WITHIN_MS = 65_000

export interface McpServersOptions {
  /** Absent: this engine has no MCP tools. */
  connector: McpConnector | undefined
  clock: Clock
  ids: (prefix: string) => string
  emit: (event: ServerEventDraft) => void
  conversation: Conversation
}

/** The MCP servers that a session was told of. */
export interface McpServers {
  /** Why these tools can't be had; nothing is begun. */
  refuse(tools: readonly Tool[], param: string): ServerError | undefined
  /** Imports the tools of servers that are new, or defined anew. */
  define(tools: readonly Tool[]): void
  /** What of these tools is there by now. */
  targets(tools: readonly Tool[]): McpTarget[]
  /** A tool by its server, whatever the session's tools are now: for calls that were approved. */
  target(serverLabel: string, name: string): McpTarget | undefined
  close(): void
}

interface Known {
  definition: McpTool
  /** What it takes to tell whether a definition asks for something new. */
  key: string
  abort: AbortController
  connection: Promise<McpServer> | undefined
  /** `undefined`: being imported, or failed. */
  tools: McpListedTool[] | undefined
  failed: boolean
}

const keyOf = ({ server_url, authorization, headers, allowed_tools }: McpTool) => JSON.stringify([server_url, authorization, headers, allowed_tools])
const isMcp = (tool: Tool): tool is McpTool => tool.type === 'mcp'

/** A definition as the session shows it. */
export function withoutSecrets(tool: Tool): Tool {
  if (!isMcp(tool)) return tool
  const { authorization: _token, headers: _headers, ...shown } = tool
  return shown
}

export function createMcpServers({ connector, clock, ids, emit, conversation }: McpServersOptions): McpServers {
  const known = new Map<string, Known>()

  /** Bounded in time, and told to stop when nobody waits any more. */
  function bounded<T>(start: (signal: AbortSignal) => Promise<T>, withinMs: number, signal: AbortSignal): Promise<T> {
    const abort = new AbortController()
    return within(Promise.resolve().then(() => start(abort.signal)), { clock, stage: 'mcp', withinMs, signal }).finally(() => abort.abort())
  }

  function connected(server: Known, signal: AbortSignal): Promise<McpServer> {
    const { server_url: serverUrl = '', authorization, headers } = server.definition
    const connection = server.connection ??= connector!.connect({ serverUrl, ...(authorization && { authorization }), ...(headers && { headers }), signal })
    connection.then(
      // Too late: nobody would close it.
      opened => { if (server.abort.signal.aborted) opened.close() },
      () => { if (server.connection === connection) server.connection = undefined },
    )
    return connection
  }

  function disconnect(server: Known): void {
    const { connection } = server
    server.connection = undefined
    connection?.then(opened => opened.close(), () => {})
  }

  function forget(server: Known): void {
    server.abort.abort()
    disconnect(server)
  }

  async function call(server: Known, name: string, argumentsJson: string, signal: AbortSignal): Promise<string> {
    try {
      return await bounded(async ending => (await connected(server, ending)).callTool(name, argumentsJson, ending), CALL_WITHIN_MS, signal)
    } catch (cause) {
      // The next call tries a new connection: the server may have forgotten this one.
      if (asMcpError(cause).type === 'http_error') disconnect(server)
      throw cause
    }
  }

  function importTools(server: Known): void {
    const begun: McpListToolsItem = { id: ids('mcpl'), object: 'realtime.item', type: 'mcp_list_tools', status: 'in_progress', server_label: server.definition.server_label, tools: [] }
    const entry: Entry = { item: begun, words: '', clauses: [], cut: false }
    const place = { item_id: begun.id }
    conversation.insert(entry)
    emit({ type: 'conversation.item.added', previous_item_id: conversation.previousId(begun.id), item: begun })
    emit({ type: 'mcp_list_tools.in_progress', ...place })

    function finish(how: 'completed' | 'failed', item: McpListToolsItem): void {
      conversation.replace(entry, item)
      emit({ type: `mcp_list_tools.${how}` as 'mcp_list_tools.completed' | 'mcp_list_tools.failed', ...place })
      if (conversation.get(begun.id) === entry) emit({ type: 'conversation.item.done', previous_item_id: conversation.previousId(begun.id), item })
    }

    bounded(async ending => (await connected(server, ending)).listTools(ending), IMPORT_WITHIN_MS, server.abort.signal).then(listed => {
      server.tools = listed.filter(tool => isAllowed(server.definition.allowed_tools, tool)).slice(0, MAX_MCP_TOOLS)
      finish('completed', { ...begun, status: 'completed', tools: server.tools })
    }, (cause: unknown) => {
      server.failed = true
      disconnect(server)
      finish('failed', { ...begun, status: 'incomplete', error: asMcpError(cause) })
    })
  }

  function defineOne(definition: McpTool): void {
    const before = known.get(definition.server_label)
    if (definition.server_url === undefined) {
      if (before) before.definition = merged(before.definition, definition)
      return
    }
    const key = keyOf(definition)
    if (before && before.key === key && !before.failed) {
      before.definition = definition
      return
    }
    if (before) forget(before)
    const server: Known = { definition, key, abort: new AbortController(), connection: undefined, tools: undefined, failed: false }
    known.set(definition.server_label, server)
    importTools(server)
  }

  function refuseOne(tool: McpTool, param: string): ServerError | undefined {
    const { server_label: label, server_url: url, connector_id: connectorId, tunnel_id: tunnelId } = tool
    if (!connector) return withoutMcp(`${param}.type`)
    for (const [name, value] of [['connector_id', connectorId], ['tunnel_id', tunnelId]] as const) {
      if (value !== undefined) return wireError('invalid_value', `Invalid '${param}.${name}': the embedded engine reaches MCP servers by 'server_url' only.`, { param: `${param}.${name}` })
    }
    if (url === undefined) return known.has(label) ? undefined : missingParameter(`${param}.server_url`)
    if (!/^https?:\/\/[^\s/?#]+/i.test(url)) return invalidValue(`${param}.server_url`, url, ['an http or https address'])
    return undefined
  }

  const targetOf = (server: Known, definition: McpTool, tool: McpListedTool): McpTarget => ({
    serverLabel: definition.server_label,
    tool,
    needsApproval: needsApproval(definition.require_approval, tool),
    call: (argumentsJson, signal) => call(server, tool.name, argumentsJson, signal),
  })

  return {
    refuse(tools, param) {
      const labels = new Set(known.keys())
      for (const [index, tool] of tools.entries()) {
        if (!isMcp(tool)) continue
        const refusal = refuseOne(tool, `${param}[${index}]`)
        if (refusal) return refusal
        if (labels.add(tool.server_label).size > MAX_MCP_SERVERS) {
          return wireError('invalid_value', `Invalid '${param}[${index}]': a session has up to ${MAX_MCP_SERVERS} MCP servers.`, { param: `${param}[${index}]` })
        }
      }
      return undefined
    },
    define(tools) {
      for (const tool of tools) if (isMcp(tool)) defineOne(tool)
    },
    targets: tools => tools.filter(isMcp).flatMap(asked => {
      const server = known.get(asked.server_label)
      if (!server?.tools) return []
      const definition = merged(server.definition, asked)
      return server.tools.filter(tool => isAllowed(definition.allowed_tools, tool)).map(tool => targetOf(server, definition, tool))
    }),
    target(serverLabel, name) {
      const server = known.get(serverLabel)
      const tool = server?.tools?.find(listed => listed.name === name)
      return server && tool && targetOf(server, server.definition, tool)
    },
    close() {
      for (const server of known.values()) forget(server)
      known.clear()
    },
  }
}

/** A later mention of a server: what it says counts, what it leaves out stays. */
const merged = (definition: McpTool, asked: McpTool): McpTool =>
  ({ ...definition, ...Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined)) })
