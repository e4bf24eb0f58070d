/** The server-sent events of a streamed chat completion. Pure but for the bytes it reads. */

/** A piece of a function call: `index` tells calls apart. */
export interface ChatCallDelta { index: number, id?: string, name?: string, argumentsDelta: string }

export type ChatEvent
  = | { type: 'text', text: string }
    | { type: 'calls', deltas: ChatCallDelta[] }
  /** An event without words: a role, thoughts, usage. */
    | { type: 'alive' }
  /** The server says that it can't go on. */
    | { type: 'failed' }
    | { type: 'done' }

/** Not what a chat server sends. */
export class ChatStreamError extends Error {}

/** One event is a few words. Full ⇒ the stream is given up: what sends lines like this is no chat server. */
const MAX_LINE_CHARACTERS = 64 * 1024

interface Said { content?: unknown, tool_calls?: unknown }
interface Choice { delta?: Said, message?: Said, finish_reason?: unknown }

/** One event's JSON, or the whole of an answer that came unstreamed. @throws ChatStreamError */
export function readCompletion(json: string): ChatEvent[] {
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch {
    throw new ChatStreamError('no JSON')
  }
  if (typeof value !== 'object' || value === null) throw new ChatStreamError('no object')
  const { error, choices } = value as { error?: unknown, choices?: unknown }
  if (error !== undefined && error !== null) return [{ type: 'failed' }]
  if (!Array.isArray(choices)) throw new ChatStreamError('no choices')
  const [choice] = choices as (Choice | null | undefined)[]
  const said = choice?.delta ?? choice?.message
  const deltas = Array.isArray(said?.tool_calls) ? said.tool_calls.flatMap(readCall) : []
  const text = typeof said?.content === 'string' ? said.content : ''
  const events: ChatEvent[] = [...(text ? [{ type: 'text' as const, text }] : []), ...(deltas.length > 0 ? [{ type: 'calls' as const, deltas }] : [])]
  return events.length > 0 ? events : [{ type: 'alive' }]
}

/** Servers differ: no index where the answer came whole, arguments as an object instead of text. */
function readCall(value: unknown, position: number): ChatCallDelta[] {
  if (typeof value !== 'object' || value === null) return []
  const { index, id, function: called } = value as { index?: unknown, id?: unknown, function?: { name?: unknown, arguments?: unknown } | null }
  const { name, arguments: given } = called ?? {}
  return [{
    index: typeof index === 'number' ? index : position,
    ...(typeof id === 'string' && id !== '' && { id }),
    ...(typeof name === 'string' && name !== '' && { name }),
    argumentsDelta: typeof given === 'string' ? given : typeof given === 'object' && given !== null ? JSON.stringify(given) : '',
  }]
}

/** Lines, however the bytes were cut: within a character, too. Ends are `\n`, `\r\n` or `\r`. */
async function* linesOf(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let pending = ''
  for await (const piece of bytes) {
    pending += decoder.decode(piece, { stream: true })
    const lines = pending.split(/\r\n|\n|\r(?!$)/)
    pending = lines.pop() ?? ''
    if (pending.length > MAX_LINE_CHARACTERS) throw new ChatStreamError('a line without end')
    yield* lines
  }
  yield* (pending + decoder.decode()).split(/\r\n|[\r\n]/)
}

/** Events until the server ends them (`[DONE]`) or the bytes end. @throws ChatStreamError for what is no chat completion stream */
export async function* chatEvents(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<ChatEvent> {
  for await (const line of linesOf(bytes)) {
    // Empty lines part events; comments (`: ping`) and other fields (`event:`, `id:`) carry nothing for us.
    if (line === '' || /^(?::|event:|id:|retry:)/.test(line)) continue
    if (!line.startsWith('data:')) throw new ChatStreamError('no server-sent events')
    const data = line.slice(5).trim()
    if (data === '[DONE]') {
      yield { type: 'done' }
      return
    }
    yield* readCompletion(data)
  }
}

const OPENS = '<think>'
const CLOSES = '</think>'

/** Leaves out what a reasoning model writes before its answer between `<think>` and `</think>`: thoughts are not for the ear. */
export function createThoughtFilter(): (text: string) => string {
  let state: 'start' | 'thinking' | 'answer' = 'start'
  let held = ''
  return text => {
    if (state === 'answer') return text
    held += text
    if (state === 'start') {
      const begun = held.trimStart()
      if (begun.length < OPENS.length && OPENS.startsWith(begun)) return ''
      state = begun.startsWith(OPENS) ? 'thinking' : 'answer'
    }
    if (state === 'thinking') {
      const end = held.indexOf(CLOSES)
      // Only what may be the beginning of the closing mark is kept.
      if (end < 0) { held = held.slice(-CLOSES.length); return '' }
      held = held.slice(end + CLOSES.length).trimStart()
      state = 'answer'
    }
    const answer = held
    held = ''
    return answer
  }
}
