/** The server-sent events of a streamed chat completion. Pure but for the bytes it reads. */

export type ChatEvent
  = | { type: 'text', text: string }
  /** An event without words: a role, thoughts, usage. */
    | { type: 'alive' }
  /** The server says that it can't go on. */
    | { type: 'failed' }
    | { type: 'done' }

/** Not what a chat server sends. */
export class ChatStreamError extends Error {}

/** One event is a few words. Full ⇒ the stream is given up: what sends lines like this is no chat server. */
const MAX_LINE_CHARACTERS = 64 * 1024

interface Choice { delta?: { content?: unknown }, message?: { content?: unknown }, finish_reason?: unknown }

/** One event's JSON, or the whole of an answer that came unstreamed. @throws ChatStreamError */
export function readCompletion(json: string): ChatEvent {
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch {
    throw new ChatStreamError('no JSON')
  }
  if (typeof value !== 'object' || value === null) throw new ChatStreamError('no object')
  const { error, choices } = value as { error?: unknown, choices?: unknown }
  if (error !== undefined && error !== null) return { type: 'failed' }
  if (!Array.isArray(choices)) throw new ChatStreamError('no choices')
  const [choice] = choices as (Choice | null | undefined)[]
  const text = choice?.delta?.content ?? choice?.message?.content
  return typeof text === 'string' && text !== '' ? { type: 'text', text } : { type: 'alive' }
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
    yield readCompletion(data)
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
