import { McpFault } from '@kaiwa/engine'
import type { McpAddress, McpConnector, McpServer } from '@kaiwa/engine'
import type { McpListedTool } from '@kaiwa/protocol'

export interface FakeMcp extends McpConnector {
  connected: Omit<McpAddress, 'signal'>[]
  called: { name: string, argumentsJson: string, signal: McpAddress['signal'] }[]
  closed: number
}

export interface FakeMcpOptions {
  tools?: readonly McpListedTool[]
  connect?: () => Promise<void>
  call?: (name: string, argumentsJson: string) => Promise<string>
}

export const fakeTool = (name: string, more: Partial<McpListedTool> = {}): McpListedTool =>
  ({ name, description: `Does ${name}.`, input_schema: { type: 'object', properties: { location: { type: 'string' } } }, ...more })

/** An MCP server in this process. By default it has one tool, `f`, that answers at once. */
export function createFakeMcp({ tools = [fakeTool('f')], connect = async () => {}, call = async name => `result of ${name}` }: FakeMcpOptions = {}): FakeMcp {
  const fake: FakeMcp = {
    connected: [],
    called: [],
    closed: 0,
    async connect({ signal: _signal, ...address }) {
      fake.connected.push(address)
      await connect()
      return {
        listTools: async () => [...tools],
        callTool(name, argumentsJson, signal) {
          fake.called.push({ name, argumentsJson, signal })
          return call(name, argumentsJson)
        },
        close() { fake.closed++ },
      } satisfies McpServer
    },
  }
  return fake
}

export const toolFails = async (): Promise<never> => { throw new McpFault({ type: 'tool_execution_error', message: 'The tool broke.' }) }
