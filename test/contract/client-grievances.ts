import type { WireEvent } from './contract-client.ts'

/**
 * What clients in the field can't stand, as they behave themselves: each reads a session's events as its client does and tells what
 * would have made that throw, hang or give up. LiveKit's as its behaviour is described, pipecat's from its public event models.
 */

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)

/** LiveKit's OpenAI plugin: keeps the current generation, and throws when an event belongs to none. */
export function livekitGrievances(events: readonly WireEvent[]): string[] {
  const grievances: string[] = []
  let items: Map<string, { modality?: string }> | undefined
  for (const event of events) {
    const complain = (what: string) => grievances.push(`${event.type}: ${what}`)
    const known = typeof event.item_id === 'string' && items?.has(event.item_id)
    switch (event.type) {
      case 'response.created':
        items = new Map()
        break
      case 'response.output_item.added':
        if (!items) complain('before response.created')
        if (!event.item?.id || !event.item?.type) complain('the item has no id or no type')
        items?.set(event.item.id, {})
        break
      case 'response.content_part.added':
        if (!known) complain('itemGeneration is not set')
        if (!['audio', 'text'].includes(event.part?.type)) complain(`neither audio nor text: ${event.part?.type}`)
        if (!items?.get(event.item_id)?.modality) items?.set(event.item_id, { modality: event.part?.type })
        break
      case 'response.output_audio.delta':
      case 'response.output_audio_transcript.delta':
      case 'response.output_text.delta':
        if (!known) complain('itemGeneration is not set')
        else if (items?.get(event.item_id)?.modality !== (event.type === 'response.output_text.delta' ? 'text' : 'audio')) complain('its part was not told first')
        break
      case 'response.output_item.done':
        if (event.item?.type !== 'function_call') break
        if (!event.item.call_id || !event.item.name || !event.item.arguments) complain('a call without id, name or arguments')
        break
      case 'response.done':
        if (!event.response?.id || !('status_details' in event.response)) complain('no id, or no status_details')
        if (event.response?.status_details !== null && !isObject(event.response?.status_details)) complain('status_details is no object')
        items = undefined
        break
      case 'error':
        if (typeof event.error?.message !== 'string') complain('no message')
        else if (!event.error.message.startsWith('Cancellation failed')) complain(event.error.message)
        break
      default:
    }
  }
  return grievances
}

/** Anything else ends its receive loop. */
const pipecatTypes = new Set([
  'error', 'session.created', 'session.updated', 'conversation.created', 'rate_limits.updated',
  ...['committed', 'cleared', 'speech_started', 'speech_stopped'].map(name => `input_audio_buffer.${name}`),
  ...['added', 'done', 'truncated', 'deleted', 'retrieved'].map(name => `conversation.item.${name}`),
  ...['delta', 'completed', 'failed'].map(name => `conversation.item.input_audio_transcription.${name}`),
  ...['created', 'done'].map(name => `response.${name}`),
  ...['output_item', 'content_part'].flatMap(part => [`response.${part}.added`, `response.${part}.done`]),
  ...['output_text', 'output_audio', 'output_audio_transcript', 'function_call_arguments'].flatMap(part => [`response.${part}.delta`, `response.${part}.done`]),
])
const harmless = new Set(['response_cancel_not_active', 'conversation_already_has_active_response', 'item_retrieve_invalid_item_id'])
/** Fields without which its models don't come into being; */
const pipecatFields: Record<string, Record<string, 'string' | 'number'>> = {
  'input_audio_buffer.committed': { item_id: 'string' },
  'input_audio_buffer.speech_started': { item_id: 'string', audio_start_ms: 'number' },
  'input_audio_buffer.speech_stopped': { item_id: 'string', audio_end_ms: 'number' },
  'conversation.item.input_audio_transcription.completed': { item_id: 'string', content_index: 'number', transcript: 'string' },
  'conversation.item.truncated': { item_id: 'string', content_index: 'number', audio_end_ms: 'number' },
  'conversation.item.deleted': { item_id: 'string' },
  'response.function_call_arguments.delta': { response_id: 'string', item_id: 'string', output_index: 'number', call_id: 'string', delta: 'string' },
  'response.function_call_arguments.done': { response_id: 'string', item_id: 'string', output_index: 'number', call_id: 'string', arguments: 'string' },
}
const inPart = { response_id: 'string', item_id: 'string', output_index: 'number', content_index: 'number' } as const

/** pipecat: a strict model for every event, read one after the other. */
export function pipecatGrievances(events: readonly WireEvent[]): string[] {
  const calls = new Set<string>()
  return events.flatMap(event => {
    if (!pipecatTypes.has(event.type)) return [`${event.type}: unknown, which ends the receive loop`]
    if (event.type === 'conversation.item.added' && event.item?.type === 'function_call') calls.add(event.item.call_id)
    const fields = /^response\.(output_(text|audio|audio_transcript)|content_part)\./.test(event.type) ? inPart : pipecatFields[event.type] ?? {}
    return [
      ...(typeof event.event_id === 'string' ? [] : ['no event_id']),
      ...Object.entries(fields).filter(([name, type]) => typeof event[name] !== type).map(([name]) => `${name} is no ${fields[name as keyof typeof fields]}`),
      ...(isObject(event.item) ? wrongItem(event.item) : []),
      ...(isObject(event.response) ? wrongResponse(event.response, event.type) : []),
      ...(event.type === 'response.function_call_arguments.done' && !calls.has(event.call_id) ? [`nobody told of ${event.call_id}`] : []),
      ...(event.type === 'error' && !harmless.has(event.error?.code) ? [`fatal: ${event.error?.message}`] : []),
    ].map(what => `${event.type}: ${what}`)
  })
}

function wrongItem(item: Record<string, unknown>): string[] {
  return [
    ...(['message', 'function_call', 'function_call_output'].includes(String(item.type)) ? [] : [`an item of type ${String(item.type)}`]),
    ...([undefined, null, 'completed', 'in_progress', 'incomplete'].includes(item.status as string) ? [] : [`an item that is ${String(item.status)}`]),
  ]
}

function wrongResponse(response: Record<string, unknown>, type: string): string[] {
  const usage = isObject(response.usage) ? response.usage : {}
  const details = isObject(response.status_details) ? response.status_details : {}
  return [
    ...(response.object === 'realtime.response' && typeof response.id === 'string' && Array.isArray(response.output) ? [] : ['no object, id or output']),
    ...('status_details' in response ? [] : ['no status_details']),
    ...(response.output as Record<string, unknown>[]).flatMap(wrongItem),
    ...(type === 'response.done' && !(isObject(usage.input_token_details) && isObject(usage.output_token_details)) ? ['usage without its details'] : []),
    ...(response.status === 'failed' && !(isObject(details.error) && typeof details.error.message === 'string') ? ['it failed, and nobody says why'] : []),
  ]
}
