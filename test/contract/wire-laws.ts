import type { WireEvent } from './contract-client.ts'

/**
 * What holds of the events of every session, whatever a client does: items form one chain, one response at a time is in the
 * conversation, what was opened is closed, in its place and once. Returns what was broken, in words.
 */
export function brokenLaws(events: readonly WireEvent[]): string[] {
  const state: State = {
    broken: [], eventIds: new Set(), chain: [], seen: new Set(), unfinished: new Set(),
    responses: new Map(), doneResponses: new Set(), speaking: undefined, promised: undefined,
  }
  for (const [index, event] of events.entries()) {
    const before = state.broken.length
    identity(state, event, index)
    chain(state, event)
    userTurns(state, event)
    responses(state, event)
    for (let at = before; at < state.broken.length; at++) state.broken[at] = `#${index} ${event.type}: ${state.broken[at]}`
  }
  return state.broken
}

/** The same once nothing is under way any more. */
export function leftOpen(events: readonly WireEvent[]): string[] {
  const ended = new Set(events.filter(({ type }) => type === 'response.done').map(({ response }) => response.id))
  const finished = new Set(events.filter(({ type }) => type === 'conversation.item.done').map(({ item }) => item.id))
  const deleted = new Set(events.filter(({ type }) => type === 'conversation.item.deleted').map(event => event.item_id))
  return [
    ...events.filter(({ type, response }) => type === 'response.created' && !ended.has(response.id)).map(({ response }) => `${response.id} never ended`),
    ...events.filter(({ type, item }) => type === 'conversation.item.added' && !finished.has(item.id) && !deleted.has(item.id)).map(({ item }) => `${item.id} was never done`),
  ]
}

interface OpenPart { text: string, closed: boolean }
interface OpenItem { id: string, part: OpenPart | undefined, argumentsJson: string }
interface OpenResponse { inConversation: boolean, outputs: string[], open: OpenItem | undefined }
interface State {
  broken: string[]
  eventIds: Set<string>
  /** Items now in the conversation, in order. */
  chain: string[]
  seen: Set<string>
  unfinished: Set<string>
  responses: Map<string, OpenResponse>
  doneResponses: Set<string>
  /** Item of the turn that began last. */
  speaking: string | undefined
  /** Item that was committed and has to be added next. */
  promised: string | undefined
}

function identity(state: State, event: WireEvent, index: number): void {
  if (typeof event.event_id !== 'string' || state.eventIds.has(event.event_id)) state.broken.push('has no id of its own')
  state.eventIds.add(event.event_id)
  if ((event.type === 'session.created') !== (index === 0)) state.broken.push('session.created comes first, and once')
}

function chain(state: State, event: WireEvent): void {
  const { broken } = state
  if (event.type === 'conversation.item.added') {
    const after = event.previous_item_id
    if (state.seen.has(event.item.id) && state.chain.includes(event.item.id)) broken.push(`${event.item.id} is there already`)
    if (after !== null && !state.chain.includes(after)) broken.push(`follows ${after}, which is not there`)
    state.chain.splice(after === null ? 0 : state.chain.indexOf(after) + 1, 0, event.item.id)
    state.seen.add(event.item.id)
    state.unfinished.add(event.item.id)
  }
  if (event.type === 'conversation.item.done') {
    const at = state.chain.indexOf(event.item.id)
    if (!state.unfinished.delete(event.item.id)) broken.push(`${event.item.id} was not under way`)
    if ((state.chain[at - 1] ?? null) !== event.previous_item_id) broken.push(`${event.item.id} follows ${state.chain[at - 1]}, not ${event.previous_item_id}`)
    if (event.item.status === 'in_progress') broken.push('done, and in progress')
  }
  if (event.type === 'conversation.item.deleted') {
    if (!state.chain.includes(event.item_id)) broken.push(`${event.item_id} was not there`)
    state.chain = state.chain.filter(id => id !== event.item_id)
    state.unfinished.delete(event.item_id)
  }
}

function userTurns(state: State, event: WireEvent): void {
  if (state.promised !== undefined && !(event.type === 'conversation.item.added' && event.item.id === state.promised)) state.broken.push(`${state.promised} was committed, not added`)
  state.promised = event.type === 'input_audio_buffer.committed' ? event.item_id : undefined
  if (event.type === 'input_audio_buffer.speech_started') state.speaking = event.item_id
  if (event.type === 'input_audio_buffer.speech_stopped' && event.item_id !== state.speaking) state.broken.push(`${event.item_id} did not begin`)
  if (event.type.startsWith('conversation.item.input_audio_transcription.') && !state.seen.has(event.item_id)) state.broken.push(`${event.item_id} has no item`)
}

function responses(state: State, event: WireEvent): void {
  const { broken } = state
  if (event.type === 'response.created') {
    const inConversation = event.response.conversation_id !== null
    if (inConversation && [...state.responses.values()].some(other => other.inConversation)) broken.push('a second response in the conversation')
    if (state.responses.has(event.response.id) || state.doneResponses.has(event.response.id)) broken.push('was created before')
    if (event.response.status !== 'in_progress' || event.response.usage !== null) broken.push('is created with its end')
    state.responses.set(event.response.id, { inConversation, outputs: [], open: undefined })
  } else if (event.type === 'response.done') {
    responseDone(state, event)
  } else if (typeof event.response_id === 'string') {
    const response = state.responses.get(event.response_id)
    if (response) output(broken, response, event)
    else broken.push(`${event.response_id} is not in progress`)
  }
}

function responseDone(state: State, { response: done }: WireEvent): void {
  const { broken } = state
  const response = state.responses.get(done.id)
  if (!response) return void broken.push(`${done.id} is not in progress`)
  if (response.open) broken.push(`${response.open.id} is still open`)
  const outputs = done.output.map((item: { id: string }) => item.id)
  if (JSON.stringify(outputs) !== JSON.stringify(response.outputs)) broken.push(`holds ${outputs}, but ${response.outputs} went out`)
  if (!['completed', 'cancelled', 'incomplete', 'failed'].includes(done.status) || done.status_details?.type !== done.status) broken.push(`has the status ${done.status}`)
  if (done.usage?.total_tokens !== done.usage?.input_tokens + done.usage?.output_tokens) broken.push('has a usage that does not add up')
  state.responses.delete(done.id)
  state.doneResponses.add(done.id)
}

function output(broken: string[], response: OpenResponse, event: WireEvent): void {
  const { open } = response
  if (event.type === 'response.output_item.added') {
    if (open) broken.push(`${open.id} is still open`)
    if (event.output_index !== response.outputs.length) broken.push(`has the place ${event.output_index}`)
    response.outputs.push(event.item.id)
    response.open = { id: event.item.id, part: undefined, argumentsJson: '' }
    return
  }
  if (open?.id !== (event.item_id ?? event.item?.id)) return void broken.push(`${event.item_id ?? event.item?.id} is not the item that is open`)
  if (event.output_index !== response.outputs.length - 1) broken.push(`has the place ${event.output_index}`)
  if (event.type === 'response.output_item.done') {
    if (open!.part && !open!.part.closed) broken.push('its part is still open')
    response.open = undefined
  } else if (/^response\.(function|mcp)_call_arguments\./.test(event.type)) callArguments(broken, open!, event)
  else if (event.type === 'response.content_part.added') open!.part = { text: '', closed: false }
  else if (/^response\.(output_|content_part)/.test(event.type)) part(broken, open!.part, event)
}

function callArguments(broken: string[], open: OpenItem, event: WireEvent): void {
  if (event.type.endsWith('.delta')) open.argumentsJson += event.delta
  else if (event.arguments !== open.argumentsJson) broken.push('arguments are not those of the deltas')
}

function part(broken: string[], open: OpenPart | undefined, event: WireEvent): void {
  if (!open || open.closed) return void broken.push('no part is open')
  if (event.type === 'response.content_part.done') {
    open.closed = true
    if ((event.part.text ?? event.part.transcript) !== open.text) broken.push('part is not that of the deltas')
  }
  if (/(text|transcript)\.delta$/.test(event.type)) open.text += event.delta
  if (/(text|transcript)\.done$/.test(event.type) && (event.text ?? event.transcript) !== open.text) broken.push('text is not that of the deltas')
}
