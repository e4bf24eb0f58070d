import { StageError, type Responder, type ResponderPiece, type ResponderRequest } from '@kaiwa/engine'
import { chatMessages } from './chat-messages.ts'
import { chatEvents, ChatStreamError, createThoughtFilter, readCompletion, type ChatEvent } from './chat-stream.ts'
import { ChatCallError, chatTools, createCallAssembly } from './chat-tools.ts'

export interface ChatResponderOptions {
  /** KAIWA_LLM_URL: a server's origin, its `/v1`, or the whole address of its chat completions. */
  url: string
  /** KAIWA_LLM_MODEL. */
  model: string
  /** KAIWA_LLM_KEY, for servers that want one. */
  key?: string
  /** @default globalThis.fetch */
  fetch?: typeof globalThis.fetch
  /** `connect`: until the answer's headers. `betweenPieces`: from one event to the next. @default 10000 and 15000 */
  timeoutMs?: { connect?: number, betweenPieces?: number }
}

/** About eight minutes of speech. Full ⇒ the answer ends there, and so does the request. */
export const MAX_REPLY_CHARACTERS = 8000
/** An answer that comes unstreamed. Full ⇒ it is no chat completion. */
const MAX_UNSTREAMED_BYTES = 1024 * 1024

class Timeout extends Error {}

/** `https://host` and `https://host/v1` and the full address all lead to the same place. */
export function chatCompletionsUrl(url: string): URL {
  const address = new URL(url)
  const path = address.pathname.replace(/\/+$/, '')
  if (!path.endsWith('/chat/completions')) address.pathname = `${path === '' ? '/v1' : path}/chat/completions`
  return address
}

/**
 * Any server with OpenAI's `/v1/chat/completions` as the engine's responder, streamed.
 * Rejects with a StageError of one sentence; neither key nor the server's own words are in it, since those may quote the key.
 * @throws TypeError when `url` is no address.
 */
export function createChatResponder(options: ChatResponderOptions): Responder {
  const { model, key, fetch = globalThis.fetch, timeoutMs: { connect = 10_000, betweenPieces = 15_000 } = {} } = options
  const address = chatCompletionsUrl(options.url)
  const fault = (what: string) => new StageError('responder', `The language model at ${address.origin} ${what}`)

  const request = async (body: string, signal: AbortSignal): Promise<Response> => {
    const headers = { 'content-type': 'application/json', accept: 'text/event-stream', ...(key && { authorization: `Bearer ${key}` }) }
    // Another address than the one configured gets neither key nor conversation.
    const response = await fetch(address, { method: 'POST', headers, body, signal, redirect: 'error' })
    if (!response.ok) throw fault(describeStatus(response.status, model))
    return response
  }

  async function* reply({ instructions, turns, ...offer }: ResponderRequest, controller: AbortController): AsyncGenerator<ResponderPiece> {
    const give = <T>(ms: number, work: Promise<T>) => within(ms, work, controller)
    const body = JSON.stringify({ model, stream: true, messages: chatMessages({ instructions, turns, tools: offer.tools }), ...chatTools(offer) })
    const response = await give(connect, request(body, controller.signal))
    const events = eventsOf(response)
    const withoutThoughts = createThoughtFilter()
    const calls = createCallAssembly(new Set(offer.tools?.map(({ name }) => name)))
    let said = 0
    /** Words behind a call: passed on at once they would end it. */
    let late = ''
    for (;;) {
      const next = await give(betweenPieces, events.next())
      if (next.done || next.value.type === 'done') break
      if (next.value.type === 'failed') throw fault('broke off its answer with an error. See the log of that server.')
      if (next.value.type === 'calls') yield* calls.take(next.value.deltas)
      const text = next.value.type === 'text' ? withoutThoughts(next.value.text).slice(0, MAX_REPLY_CHARACTERS - said) : ''
      said += text.length
      if (calls.begun) late += text
      else if (text) yield text
      if (said >= MAX_REPLY_CHARACTERS) return
    }
    yield* calls.finish()
    if (late.trim()) yield late
    if (said === 0 && !calls.begun) throw fault('answered without a word. Check KAIWA_LLM_MODEL.')
  }

  return {
    async* respond(request) {
      if (request.signal.aborted) return
      const controller = new AbortController()
      const onAbort = () => controller.abort()
      request.signal.addEventListener('abort', onAbort, { once: true })
      try {
        for await (const piece of reply(request, controller)) {
          if (request.signal.aborted) return
          yield piece
        }
      } catch (error) {
        if (!request.signal.aborted) throw error instanceof StageError ? error : fault(describeFailure(error))
      } finally {
        request.signal.removeEventListener('abort', onAbort)
        // Ends the request when the listener leaves early; nothing happens when it is over.
        controller.abort()
      }
    },
  }
}

function eventsOf(response: Response): AsyncGenerator<ChatEvent> {
  if (!response.body) throw new ChatStreamError('no body')
  return response.headers.get('content-type')?.includes('application/json') ? unstreamed(response.body) : chatEvents(response.body)
}

/** Some servers ignore `stream`. */
async function* unstreamed(body: AsyncIterable<Uint8Array>): AsyncGenerator<ChatEvent> {
  const decoder = new TextDecoder()
  let json = ''
  let bytes = 0
  for await (const piece of body) {
    bytes += piece.length
    if (bytes > MAX_UNSTREAMED_BYTES) throw new ChatStreamError('too long')
    json += decoder.decode(piece, { stream: true })
  }
  yield* readCompletion(json + decoder.decode())
}

/** Rejects with a Timeout, and ends the request, when the work takes longer; rejects at once when the request is ended. */
async function within<T>(ms: number, work: Promise<T>, controller: AbortController): Promise<T> {
  let giveUp: (why: Error) => void = () => {}
  const late = new Promise<never>((_, reject) => { giveUp = reject })
  const onAbort = () => giveUp(new Error('aborted'))
  const timer = setTimeout(() => {
    giveUp(new Timeout(`sent nothing for ${ms / 1000} s. Check that the server runs and has loaded its model.`))
    controller.abort()
  }, ms)
  controller.signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
    controller.signal.removeEventListener('abort', onAbort)
  }
}

function describeStatus(status: number, model: string): string {
  if (status === 401 || status === 403) return `refused the key (HTTP ${status}). Check KAIWA_LLM_KEY.`
  if (status === 404) return `has no model ${JSON.stringify(model)}, or is no chat server (HTTP 404). Check KAIWA_LLM_MODEL and KAIWA_LLM_URL.`
  if (status === 429) return 'takes no more requests now (HTTP 429). Wait, or check its quota.'
  if (status >= 500) return `failed (HTTP ${status}). See the log of that server.`
  return `refused the request (HTTP ${status}). Check KAIWA_LLM_MODEL and KAIWA_LLM_URL.`
}

/** The code alone: messages of `fetch` may quote a header, and with it the key. */
function describeFailure(error: unknown): string {
  if (error instanceof Timeout) return error.message
  if (error instanceof ChatCallError) return 'wants to call a function in a way that can\'t be done. Try a model that is made for tools (KAIWA_LLM_MODEL).'
  if (error instanceof ChatStreamError) return 'sent something that is no chat completion. Check KAIWA_LLM_URL.'
  const code = (error as { cause?: { code?: unknown } } | undefined)?.cause?.code
  if (code === 'UND_ERR_SOCKET' || code === 'ECONNRESET') return 'broke off the connection. See the log of that server.'
  return `is unreachable${typeof code === 'string' && /^[\w-]{1,40}$/.test(code) ? ` (${code})` : ''}. Check KAIWA_LLM_URL and that the server runs.`
}
