import * as z from 'zod'

/** What a client may say about MCP servers: definitions in `tools`, a choice among their tools, and items. Strict, as all of a client's events. */

const toolName = z.string().min(1).max(256)
const serverLabel = z.string().regex(/^[\w-]{1,64}$/, 'a label of letters, digits, _ and -')
const toolNames = z.array(toolName).max(512)
const filter = z.strictObject({ read_only: z.boolean().optional(), tool_names: toolNames.optional() })

export const mcpTool = z.strictObject({
  type: z.literal('mcp'),
  server_label: serverLabel,
  server_url: z.string().min(1).max(2048).optional(),
  authorization: z.string().min(1).max(16_384).optional(),
  headers: z.record(z.string().max(256), z.string().max(16_384)).nullable().optional(),
  allowed_tools: z.union([toolNames, filter]).nullable().optional(),
  require_approval: z.union([z.enum(['always', 'never']), z.strictObject({ always: filter.optional(), never: filter.optional() })]).nullable().optional(),
  server_description: z.string().optional(),
  defer_loading: z.boolean().optional(),
  allowed_callers: z.array(z.enum(['direct', 'programmatic'])).nullable().optional(),
  connector_id: z.string().optional(),
  tunnel_id: z.string().optional(),
})

export const mcpToolChoice = z.strictObject({ type: z.literal('mcp'), server_label: serverLabel, name: toolName.nullable().optional() })

const record = z.record(z.string(), z.unknown())
const listedTool = z.strictObject({ name: toolName, description: z.string(), input_schema: record, annotations: record.nullable().optional() })
const error = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('protocol_error'), code: z.number(), message: z.string() }),
  z.strictObject({ type: z.literal('http_error'), code: z.number(), message: z.string() }),
  z.strictObject({ type: z.literal('tool_execution_error'), message: z.string() }),
])

/** The items, each with what all items have. */
export const mcpItems = <Head extends z.core.$ZodLooseShape>(head: Head) => [
  z.strictObject({ ...head, type: z.literal('mcp_list_tools'), server_label: serverLabel, tools: z.array(listedTool).max(512), error: error.optional() }),
  z.strictObject({
    ...head, type: z.literal('mcp_call'), server_label: serverLabel, name: toolName, arguments: z.string(),
    approval_request_id: z.string().nullable().optional(), output: z.string().nullable().optional(), error: error.nullable().optional(),
  }),
  z.strictObject({ ...head, type: z.literal('mcp_approval_request'), server_label: serverLabel, name: toolName, arguments: z.string() }),
  z.strictObject({ ...head, type: z.literal('mcp_approval_response'), approval_request_id: z.string().min(1), approve: z.boolean(), reason: z.string().nullable().optional() }),
] as const
