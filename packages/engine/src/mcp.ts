import type { McpError, McpListedTool } from '@kaiwa/protocol'
import { StageError } from './stages.ts'

/**
 * Tools on MCP servers. The engine knows only this: how to reach a server is the runtime's to say (Node: server/engine/mcp-client.ts),
 * as is whom it may reach. Whatever a server says is data from outside.
 */

export interface McpAddress {
  serverUrl: string
  /** An access token. No error may tell it. */
  authorization?: string
  /** May hold secrets as well. */
  headers?: Record<string, string>
  /** Nobody waits for the connection any more. It says nothing about the connection once there is one. */
  signal: AbortSignal
}

export interface McpServer {
  /** All tools, in the server's order. @throws {McpFault} */
  listTools(signal: AbortSignal): Promise<McpListedTool[]>
  /** What the tool said, as text. @throws {McpFault} the tool failed, or the server did. */
  callTool(name: string, argumentsJson: string, signal: AbortSignal): Promise<string>
  /** Idempotent. */
  close(): void
}

export interface McpConnector {
  /** @throws {McpFault} */
  connect(address: McpAddress): Promise<McpServer>
}

/** A server or a tool of it failed; `error` is what clients see: one sentence without secrets. */
export class McpFault extends Error {
  readonly error: McpError
  constructor(error: McpError, options?: ErrorOptions) {
    super(error.message, options)
    this.name = 'McpFault'
    this.error = error
  }
}

/** Whatever was thrown, as the wire shows it: foreign text stays out. */
export function asMcpError(cause: unknown): McpError {
  if (cause instanceof McpFault) return cause.error
  if (cause instanceof StageError && cause.cause !== undefined) return asMcpError(cause.cause)
  if (cause instanceof StageError) return { type: 'http_error', code: 504, message: 'The MCP server did not answer in time.' }
  return { type: 'http_error', code: 500, message: 'The MCP server could not be used.' }
}
