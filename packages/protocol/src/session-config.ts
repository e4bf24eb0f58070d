/** The session object of the GA protocol, as served: every key present. */

export type AudioFormat = { type: 'audio/pcm', rate: 24000 } | { type: 'audio/pcmu' } | { type: 'audio/pcma' }

export interface ServerVad {
  type: 'server_vad'
  /** Speech probability above which a frame counts as speech, 0 to 1. @default 0.5 */
  threshold: number
  /** Audio kept from before the first voiced frame, in ms. @default 300 */
  prefix_padding_ms: number
  /** Silence that ends the user's turn, in ms. @default 500 */
  silence_duration_ms: number
  idle_timeout_ms: number | null
  create_response: boolean
  interrupt_response: boolean
}

export interface SemanticVad {
  type: 'semantic_vad'
  eagerness: 'low' | 'medium' | 'high' | 'auto'
  create_response: boolean
  interrupt_response: boolean
}

export type TurnDetection = ServerVad | SemanticVad

export interface FunctionTool { type: 'function', name: string, description?: string, parameters?: Record<string, unknown> }

/** Tools by name, or by whether they only read; both given, both must hold. */
export interface McpToolFilter { read_only?: boolean, tool_names?: string[] }
/** The tools of an MCP server. After the first definition `server_label` alone is enough. The session is served without the secrets in it. */
export interface McpTool {
  type: 'mcp'
  server_label: string
  server_url?: string
  /** An access token, sent as a bearer. */
  authorization?: string
  headers?: Record<string, string> | null
  allowed_tools?: string[] | McpToolFilter | null
  /** Absent: always. */
  require_approval?: 'always' | 'never' | { always?: McpToolFilter, never?: McpToolFilter } | null
  server_description?: string
  defer_loading?: boolean
  allowed_callers?: ('direct' | 'programmatic')[] | null
  connector_id?: string
  tunnel_id?: string
}
export type Tool = FunctionTool | McpTool

export type ToolChoice = 'none' | 'auto' | 'required' | { type: 'function', name: string } | { type: 'mcp', server_label: string, name?: string | null }

export interface Transcription { model?: string, language?: string, languages?: string[], prompt?: string, keywords?: string[], delay?: string }

export interface NoiseReduction { type: 'near_field' | 'far_field', strength?: number }

export interface Reasoning { effort?: 'minimal' | 'low' | 'medium' | 'high' | 'xhigh' }

export interface RealtimeSession {
  type: 'realtime'
  object: 'realtime.session'
  id: string
  model: string
  output_modalities: ['audio'] | ['text']
  instructions: string
  tools: Tool[]
  tool_choice: ToolChoice
  max_output_tokens: number | 'inf'
  tracing: 'auto' | Record<string, unknown> | null
  truncation: 'auto' | 'disabled' | Record<string, unknown>
  prompt: Record<string, unknown> | null
  /** Unix seconds. */
  expires_at: number
  audio: {
    input: {
      format: AudioFormat
      transcription: Transcription | null
      noise_reduction: NoiseReduction | null
      turn_detection: TurnDetection | null
    }
    output: { format: AudioFormat, voice: string | { id: string }, speed: number }
  }
  include: string[] | null
  /** Reasoning models only: absent until a client sets it. */
  parallel_tool_calls?: boolean
  /** Reasoning models only: absent until a client sets it. */
  reasoning?: Reasoning
}

type DeepPartial<T> = T extends unknown[] ? T : T extends object ? { [K in keyof T]?: DeepPartial<T[K]> } : T

/** A session that only listens: turns become transcripts, and nothing is answered. */
export interface TranscriptionSession {
  type: 'transcription'
  object: 'realtime.transcription_session'
  id: string
  /** Unix seconds. */
  expires_at: number
  audio: { input: RealtimeSession['audio']['input'] }
  include: string[] | null
}

/** What a client sends in `session.update`: `type`, and only the fields that change. */
export type SessionUpdate = { type: 'realtime' } & Omit<DeepPartial<RealtimeSession>, 'type' | 'object' | 'id' | 'expires_at'>

export type TranscriptionSessionUpdate = { type: 'transcription', audio?: { input?: DeepPartial<RealtimeSession['audio']['input']> }, include?: string[] | null }

export const serverVadDefaults = {
  type: 'server_vad',
  threshold: 0.5,
  prefix_padding_ms: 300,
  silence_duration_ms: 500,
  idle_timeout_ms: null,
  create_response: true,
  interrupt_response: true,
} as const satisfies ServerVad
