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

export type Item = MessageItem | FunctionCallItem | FunctionCallOutputItem

type Draft<T extends { id: string }> = T extends unknown ? Omit<T, 'id'> & { id?: string } : never
/** An item as a client sends it: the id is the client's to choose, else the server's. */
export type ItemDraft = Draft<SystemMessageItem> | Draft<UserMessageItem> | Draft<AssistantMessageItem> | Draft<FunctionCallOutputItem> | (Omit<FunctionCallItem, 'id' | 'call_id'> & { id?: string, call_id?: string })

/** A part as `response.content_part.*` names it: not the items' vocabulary. */
export type ResponsePart = { type: 'text', text: string } | { type: 'audio', transcript: string }
