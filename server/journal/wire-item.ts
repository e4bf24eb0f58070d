import type { StoredItem } from '../store/journal-entry.ts'

/** More is no conversation; further parts are left out of the text. */
const MAX_PARTS = 64

export interface WireItem extends Pick<StoredItem, 'id' | 'kind' | 'role' | 'status' | 'name' | 'toolCallId'> { wire: Record<string, unknown>, content: Record<string, unknown>[] }

const kinds = new Set<StoredItem['kind']>(['message', 'function_call', 'function_call_output'])
const roles = new Set(['user', 'assistant', 'system'])
const textOr = <T>(value: unknown, other: T) => typeof value === 'string' ? value : other

/** An item of the wire (GA protocol, "Items and content parts"), read leniently: an upstream may be of another time. Undefined: it isn't one. */
export function readItem(value: unknown): WireItem | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const wire = value as Record<string, unknown>
  if (typeof wire.id !== 'string' || wire.id === '') return undefined
  return {
    id: wire.id,
    kind: kinds.has(wire.type as StoredItem['kind']) ? wire.type as StoredItem['kind'] : 'other',
    role: roles.has(wire.role as string) ? wire.role as StoredItem['role'] : null,
    status: wire.status === 'in_progress' || wire.status === 'incomplete' ? wire.status : 'completed',
    name: textOr(wire.name, null),
    toolCallId: textOr(wire.call_id, null),
    wire,
    content: Array.isArray(wire.content) ? wire.content.slice(0, MAX_PARTS).filter(part => typeof part === 'object' && part !== null) : [],
  }
}

/** What an item says, and how; `medium` undefined: it has nothing yet. */
export function textOfItem({ kind, wire, content }: WireItem): { text: string, medium: 'voice' | 'text' | undefined } {
  switch (kind) {
    case 'function_call': return { text: textOr(wire.arguments, ''), medium: 'text' }
    case 'function_call_output': return { text: textOr(wire.output, ''), medium: 'text' }
    // MCP calls: what was asked, and answered.
    case 'other': return { text: [textOr(wire.arguments, ''), textOr(wire.output, '')].filter(Boolean).join('\n'), medium: 'text' }
    case 'message': return {
      text: content.map(part => textOr(part.text, textOr(part.transcript, ''))).join(''),
      medium: content.length === 0 ? undefined : content.some(({ type }) => type === 'input_audio' || type === 'output_audio' || type === 'audio') ? 'voice' : 'text',
    }
    default: return kind satisfies never
  }
}
