import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { StageError, type ResponderTurn } from '@kaiwa/engine'
import { chatCompletionsUrl, createChatResponder, MAX_REPLY_CHARACTERS, type ChatResponderOptions } from '../../../../server/engine/chat-responder.ts'

const KEY = 'sk-canary-7351'
const hello: ResponderTurn[] = [{ role: 'user', text: 'hello' }]

let server: Server | undefined
afterEach(async () => {
  server?.closeAllConnections()
  await new Promise(resolve => { if (server) server.close(resolve); else resolve(undefined) })
  server = undefined
})

type Answer = (response: ServerResponse, asked: { request: IncomingMessage, body: string }) => void | Promise<void>

/** A chat server on loopback that answers as told. */
async function serve(answer: Answer): Promise<string> {
  server = createServer(async (request, response) => {
    let body = ''
    for await (const piece of request) body += String(piece)
    await answer(response, { request, body })
  })
  await new Promise<void>(resolve => { server!.listen(0, '127.0.0.1', resolve) })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const event = (content: string) => `data: ${JSON.stringify({ choices: [{ delta: { content } }] })}\n\n`
const stream = (response: ServerResponse) => response.writeHead(200, { 'content-type': 'text/event-stream' })

interface Asking extends Partial<ChatResponderOptions> { turns?: ResponderTurn[], instructions?: string, signal?: AbortSignal }

async function piecesFrom(url: string, { turns = hello, instructions = '', signal = new AbortController().signal, ...options }: Asking = {}): Promise<string[]> {
  const pieces: string[] = []
  for await (const piece of createChatResponder({ url, model: 'small', key: KEY, ...options }).respond({ instructions, turns, signal })) {
    if (typeof piece === 'string') pieces.push(piece)
  }
  return pieces
}

async function faultOf(work: Promise<unknown>): Promise<StageError> {
  const error = await work.then(() => undefined, (reason: unknown) => reason)
  expect(error).toBeInstanceOf(StageError)
  const fault = error as StageError
  expect(fault.stage).toBe('responder')
  expect(`${fault.message} ${fault.stack} ${String(fault.cause)}`).not.toContain(KEY)
  return fault
}

describe('a chat server that answers', () => {
  it('is asked for a stream with model, key and messages, and heard piece by piece', async () => {
    let seen: { request: IncomingMessage, body: string } | undefined
    const url = await serve((response, asked) => {
      seen = asked
      stream(response).end(`: ping\n\ndata: {"choices":[{"delta":{"role":"assistant"}}]}\n\n${event('Hello ')}${event('there.')}data: {"choices":[],"usage":{}}\n\ndata: [DONE]\n\n`)
    })
    expect(await piecesFrom(url, { instructions: 'Be kind.' })).toEqual(['Hello ', 'there.'])
    expect(seen?.request.url).toBe('/v1/chat/completions')
    expect(seen?.request.headers.authorization).toBe(`Bearer ${KEY}`)
    const body = JSON.parse(seen!.body) as { model: string, stream: boolean, messages: { role: string, content: string }[] }
    expect(body).toMatchObject({ model: 'small', stream: true })
    expect(body.messages[0]?.content).toMatch(/^Be kind\.\n\nThis is a voice conversation/)
    expect(body.messages.slice(1)).toEqual([{ role: 'user', content: 'hello' }])
  })

  it('may want no key', async () => {
    let authorization: string | undefined = 'none seen'
    const url = await serve((response, { request }) => { authorization = request.headers.authorization; stream(response).end(event('Hi.')) })
    expect(await piecesFrom(url, { key: undefined })).toEqual(['Hi.'])
    expect(authorization).toBeUndefined()
  })

  it('is understood when characters, lines and events are cut anywhere', async () => {
    const bytes = Buffer.from(`${event('会話は')}${event('たのしい 🎧.')}data: [DONE]\r\n\r\n`)
    const url = await serve(async response => {
      stream(response)
      for (let at = 0; at < bytes.length; at += 5) {
        response.write(bytes.subarray(at, at + 5))
        await new Promise(resolve => { setImmediate(resolve) })
      }
      response.end()
    })
    expect((await piecesFrom(url)).join('')).toBe('会話はたのしい 🎧.')
  })

  it('may answer unstreamed, or end without saying so', async () => {
    const whole = await serve(response => { response.writeHead(200, { 'content-type': 'application/json' }).end('{"choices":[{"message":{"content":"All at once."}}]}') })
    expect(await piecesFrom(whole)).toEqual(['All at once.'])
  })

  it('keeps a reasoning model\'s thoughts to itself', async () => {
    const url = await serve(response => { stream(response).end(['<th', 'ink>\nThe user greets. ', 'I greet.</thi', 'nk>\n\n', 'Hello.', ' <think> is a tag.'].map(event).join('')) })
    expect((await piecesFrom(url)).join('')).toBe('Hello. <think> is a tag.')
  })

  it('is cut off when it never ends', async () => {
    let closed = false
    const url = await serve(response => {
      stream(response)
      const timer = setInterval(() => response.write(event('blah '.repeat(200))), 1)
      response.on('close', () => { closed = true; clearInterval(timer) })
    })
    expect((await piecesFrom(url)).join('').length).toBe(MAX_REPLY_CHARACTERS)
    await expect.poll(() => closed).toBe(true)
  })
})

describe('a chat server in trouble', () => {
  it.each([
    [401, 'refused the key (HTTP 401). Check KAIWA_LLM_KEY.'],
    [404, 'has no model "small", or is no chat server (HTTP 404). Check KAIWA_LLM_MODEL and KAIWA_LLM_URL.'],
    [429, 'takes no more requests now (HTTP 429). Wait, or check its quota.'],
    [500, 'failed (HTTP 500). See the log of that server.'],
    [400, 'refused the request (HTTP 400). Check KAIWA_LLM_MODEL and KAIWA_LLM_URL.'],
    [204, 'sent something that is no chat completion. Check KAIWA_LLM_URL.'],
  ])('HTTP %d', async (status, sentence) => {
    const url = await serve(response => { response.writeHead(status).end(status === 204 ? undefined : `{"error":{"message":"Incorrect API key provided: ${KEY}"}}`) })
    expect((await faultOf(piecesFrom(url))).message).toBe(`The language model at ${url} ${sentence}`)
  })

  it('is not followed elsewhere, so that the key stays', async () => {
    const url = await serve(response => { response.writeHead(307, { location: '/elsewhere' }).end() })
    expect((await faultOf(piecesFrom(url))).message).toContain('is unreachable')
  })

  it('is unreachable', async () => {
    const url = await serve(() => {})
    await new Promise(resolve => { server!.close(resolve) })
    server = undefined
    expect((await faultOf(piecesFrom(url))).message).toBe(`The language model at ${url} is unreachable (ECONNREFUSED). Check KAIWA_LLM_URL and that the server runs.`)
  })

  it('quotes no key even when the key is no header value', async () => {
    const url = await serve(() => {})
    await faultOf(piecesFrom(url, { key: `${KEY}\nx` }))
  })

  it('takes the connection and says nothing', async () => {
    const url = await serve(() => {})
    expect((await faultOf(piecesFrom(url, { timeoutMs: { connect: 50 } }))).message).toContain('sent nothing for 0.05 s.')
  })

  it('stalls in the middle, even while it sends comments', async () => {
    let closed = false
    const url = await serve(response => {
      stream(response).write(event('Once upon '))
      const timer = setInterval(() => response.write(': ping\n\n'), 5)
      response.on('close', () => { closed = true; clearInterval(timer) })
    })
    const heard: string[] = []
    const listen = async () => {
      const responder = createChatResponder({ url, model: 'small', timeoutMs: { betweenPieces: 60 } })
      for await (const text of responder.respond({ instructions: '', turns: hello, signal: new AbortController().signal })) heard.push(String(text))
    }
    expect((await faultOf(listen())).message).toContain('sent nothing for 0.06 s.')
    expect(heard).toEqual(['Once upon '])
    await expect.poll(() => closed).toBe(true)
  })

  it.each([
    ['HTML', '<html>hello</html>'], ['no JSON', 'data: {"choices":[{"delta"\n\n'], ['other JSON', 'data: {"hello":1}\n\n'], ['null', 'data: null\n\n'], ['bytes', '\u0000\u0001\uFFFD'.repeat(50)],
    ['a line without end', `data: ${'x'.repeat(100_000)}`],
  ])('sends rubbish: %s', async (_, rubbish) => {
    const url = await serve(response => { stream(response).end(rubbish) })
    expect((await faultOf(piecesFrom(url))).message).toContain('sent something that is no chat completion.')
  })

  it('reports an error within the stream, or has no words', async () => {
    const failing = await serve(response => { stream(response).end(`${event('Well')}data: {"error":{"message":"${KEY}"}}\n\n`) })
    expect((await faultOf(piecesFrom(failing))).message).toContain('broke off its answer with an error.')
    server!.closeAllConnections()
    server!.close()
    const silent = await serve(response => { stream(response).end('data: [DONE]\n\n') })
    expect((await faultOf(piecesFrom(silent))).message).toContain('answered without a word.')
  })

  it('breaks off the connection', async () => {
    const url = await serve(response => { stream(response).write(event('Well, ')); setTimeout(() => response.destroy(), 10) })
    expect((await faultOf(piecesFrom(url))).message).toContain('broke off the connection.')
  })
})

describe('an interruption', () => {
  it('ends the answer without an error, and the request with it', async () => {
    let closed = false
    const url = await serve(response => {
      stream(response).write(event('Once upon '))
      response.on('close', () => { closed = true })
    })
    const controller = new AbortController()
    const heard: string[] = []
    for await (const text of createChatResponder({ url, model: 'small' }).respond({ instructions: '', turns: hello, signal: controller.signal })) {
      heard.push(String(text))
      setImmediate(() => controller.abort())
    }
    expect(heard).toEqual(['Once upon '])
    await expect.poll(() => closed).toBe(true)
  })

  it('also ends a request that has no answer yet, and one not begun', async () => {
    const url = await serve(() => {})
    const controller = new AbortController()
    setTimeout(() => controller.abort(), 20)
    expect(await piecesFrom(url, { signal: controller.signal })).toEqual([])
    expect(await piecesFrom(url, { signal: controller.signal })).toEqual([])
  })

  it('does not wait for a fetch that ignores its signal', async () => {
    const controller = new AbortController()
    setTimeout(() => controller.abort(), 10)
    expect(await piecesFrom('http://127.0.0.1:1', { fetch: () => new Promise(() => {}), signal: controller.signal })).toEqual([])
  })

  it('lets go of the request when the listener leaves', async () => {
    let closed = false
    const url = await serve(response => {
      stream(response).write(event('Once upon '))
      response.on('close', () => { closed = true })
    })
    for await (const text of createChatResponder({ url, model: 'small' }).respond({ instructions: '', turns: hello, signal: new AbortController().signal })) {
      expect(text).toBe('Once upon ')
      break
    }
    await expect.poll(() => closed).toBe(true)
  })
})

describe('addresses', () => {
  it.each([
    ['http://localhost:11434', 'http://localhost:11434/v1/chat/completions'],
    ['http://localhost:11434/', 'http://localhost:11434/v1/chat/completions'],
    ['https://host/v1/', 'https://host/v1/chat/completions'],
    ['https://host/openai/v1', 'https://host/openai/v1/chat/completions'],
    ['https://host/v1/chat/completions', 'https://host/v1/chat/completions'],
    ['https://host/x/chat/completions?api-version=1', 'https://host/x/chat/completions?api-version=1'],
  ])('%s', (url, whole) => { expect(chatCompletionsUrl(url).href).toBe(whole) })

  it('refuses what is none', () => { expect(() => createChatResponder({ url: 'localhost', model: 'small' })).toThrow(TypeError) })
})
