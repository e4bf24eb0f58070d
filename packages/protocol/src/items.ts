/** Conversation items and their content parts (GA protocol, "Items and content parts"). Field names are the wire's. */

export type ItemStatus = 'in_progress' | 'completed' | 'incomplete'

export interface InputTextPart { type: 'input_text', text: string }
/** `audio` is base64 in the session's input format; it is left out of every event but `conversation.item.retrieved`, which adds `format`. */
export interface InputAudioPart { type: 'input_audio', audio?: string, format?: 'pcm16', transcript?: string | null }
/** `image_url` is a `data:` URI holding PNG or JPEG. */
export interface InputImagePart { type: 'input_image', image_url: string, detail?: 'auto' | 'low' | 'high' }
export interface OutputTextPart { type: 'output_text', text: string }
export interface OutputAudioPart { type: 'output_audio', audio?: string, format?: 'pcm16', transcript?: string }

export type ContentPart = InputTextPart | InputAudioPart | InputImagePart | OutputTextPart | OutputAudioPart

interface ItemBase { id: string, object?: 'realtime.item', status?: ItemStatus }

export interface SystemMessageItem extends ItemBase { type: 'message', role: 'system', content: InputTextPart[] }
export interface UserMessageItem extends ItemBase { type: 'message', role: 'user', content: (InputTextPart | InputAudioPart | InputImagePart)[] }
export interface AssistantMessageItem extends ItemBase { type: 'message', role: 'assistant', content: (OutputTextPart | OutputAudioPart)[] }
export type MessageItem = SystemMessageItem | UserMessageItem | AssistantMessageItem

export interface FunctionCallItem extends ItemBase { type: 'function_call', call_id: string, name: string, arguments: string }
export interface FunctionCallOutputItem extends ItemBase { type: 'function_call_output', call_id: string, output: string }

/** A tool of an MCP server. `description` is always text: a client's schema insists on it. */
export interface McpListedTool { name: string, description: string, input_schema: Record<string, unknown>, annotations?: Record<string, unknown> | null }
export type McpError
  = | { type: 'protocol_error' | 'http_error', code: number, message: string }
    | { type: 'tool_execution_error', message: string }
/** What was imported from an MCP server; `error` when it failed. */
export interface McpListToolsItem extends ItemBase { type: 'mcp_list_tools', server_label: string, tools: McpListedTool[], error?: McpError }
/** The server's own call of an MCP tool; `output` and `error` are `null` until it is over, and one of them after. */
export interface McpCallItem extends ItemBase {
  type: 'mcp_call'
  server_label: string
  name: string
  arguments: string
  approval_request_id?: string | null
  output?: string | null
  error?: McpError | null
}
export interface McpApprovalRequestItem extends ItemBase { type: 'mcp_approval_request', server_label: string, name: string, arguments: string }
export interface McpApprovalResponseItem extends ItemBase { type: 'mcp_approval_response', approval_request_id: string, approve: boolean, reason?: string | null }
export type McpItem = McpListToolsItem | McpCallItem | McpApprovalRequestItem | McpApprovalResponseItem

export type Item = MessageItem | FunctionCallItem | FunctionCallOutputItem | McpItem

type Draft<T extends { id: string }> = T extends unknown ? Omit<T, 'id'> & { id?: string } : never
/** An item as a client sends it: the id is the client's to choose, else the server's. */
export type ItemDraft = Draft<SystemMessageItem> | Draft<UserMessageItem> | Draft<AssistantMessageItem> | Draft<FunctionCallOutputItem> | Draft<McpItem> | (Omit<FunctionCallItem, 'id' | 'call_id'> & { id?: string, call_id?: string })

/** A part as `response.content_part.*` names it: not the items' vocabulary. */
export type ResponsePart = { type: 'text', text: string } | { type: 'audio', transcript: string }
