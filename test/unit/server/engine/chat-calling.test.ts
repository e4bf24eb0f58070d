import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { createEngine, StageError, type ResponderPiece, type ResponderRequest } from '@kaiwa/engine'
import { connectEngine } from '../../../contract/engine-client.ts'
import { ofType, typed, updated } from '../../../contract/clauses/talk.ts'
import { createCountedIds, realClock } from '../../../fakes/engine-options.ts'
import { createFakeStages } from '../../../fakes/fake-stages.ts'
import { createChatResponder } from '../../../../server/engine/chat-responder.ts'

interface Message { role: string, content: string | null, tool_calls?: { id: string }[], tool_call_id?: string }
interface Body { messages: Message[], tools?: unknown[], tool_choice?: unknown }

let server: Server | undefined
afterEach(async () => {
  server?.closeAllConnections()
  await new Promise(resolve => { if (server) server.close(resolve); else resolve(undefined) })
  server = undefined
})

/** A chat server on loopback; remembers what it was asked. */
async function serve(answer: (response: ServerResponse, body: Body) => void | Promise<void>): Promise<{ url: string, asked: Body[] }> {
  const asked: Body[] = []
  server = createServer(async (request, response) => {
    let text = ''
    for await (const piece of request) text += String(piece)
    asked.push(JSON.parse(text) as Body)
    await answer(response, asked.at(-1)!)
  })
  await new Promise<void>(resolve => { server!.listen(0, '127.0.0.1', resolve) })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked }
}

const stream = (response: ServerResponse) => response.writeHead(200, { 'content-type': 'text/event-stream' })
const event = (delta: object) => `data: ${JSON.stringify({ choices: [{ delta }] })}\n\n`
const callPiece = (index: number, called: object, id?: string) => event({ tool_calls: [{ index, ...(id && { id, type: 'function' }), function: called }] })
const tools = [{ name: 'get_weather', parameters: { type: 'object', properties: { city: { type: 'string' } } } }, { name: 'now' }]

async function piecesFrom(url: string, request: Partial<ResponderRequest> = {}): Promise<ResponderPiece[]> {
  const pieces: ResponderPiece[] = []
  const asking = { instructions: '', turns: [{ role: 'user' as const, text: 'weather?' }], tools, signal: new AbortController().signal, ...request }
  for await (const piece of createChatResponder({ url, model: 'small' }).respond(asking)) pieces.push(piece)
  return pieces
}

describe('a model that calls functions', () => {
  it('is offered the tools and heard piece by piece: words first, then the call as it is written', async () => {
    const { url, asked } = await serve(response => {
      stream(response).end([event({ role: 'assistant', content: 'Let me ' }), event({ content: 'look.' }), callPiece(0, { name: 'get_weather', arguments: '' }, 'call_1'),
        callPiece(0, { arguments: '{"city":' }), callPiece(0, { arguments: '"Oslo"}' }), 'data: [DONE]\n\n'].join(''))
    })
    expect(await piecesFrom(url, { toolChoice: 'required' })).toEqual([
      'Let me ', 'look.', { kind: 'tool_call', name: 'get_weather' }, { kind: 'tool_arguments', delta: '{"city":' }, { kind: 'tool_arguments', delta: '"Oslo"}' },
    ])
    expect(asked[0]).toMatchObject({ tool_choice: 'required', tools: [{ type: 'function', function: { name: 'get_weather' } }, { type: 'function', function: { name: 'now' } }] })
  })

  it('may make several calls, mixed, and say more behind them', async () => {
    const { url } = await serve(response => {
      stream(response).end([callPiece(0, { name: 'get_weather', arguments: '{"city"' }, 'a'), callPiece(1, { name: 'now', arguments: '{' }, 'b'), event({ content: 'One moment.' }),
        callPiece(0, { arguments: ':"Rome"}' }), callPiece(1, { arguments: '}' })].join(''))
    })
    expect(await piecesFrom(url)).toEqual([
      { kind: 'tool_call', name: 'get_weather' }, { kind: 'tool_arguments', delta: '{"city"' }, { kind: 'tool_arguments', delta: ':"Rome"}' },
      { kind: 'tool_call', name: 'now' }, { kind: 'tool_arguments', delta: '{}' }, 'One moment.',
    ])
  })

  it('may answer whole, with arguments as an object', async () => {
    const { url } = await serve(response => {
      const message = { content: null, tool_calls: [{ id: 'x', function: { name: 'get_weather', arguments: { city: 'Rome' } } }] }
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ choices: [{ message }] }))
    })
    expect(await piecesFrom(url)).toEqual([{ kind: 'tool_call', name: 'get_weather' }, { kind: 'tool_arguments', delta: '{"city":"Rome"}' }])
  })

  it('that calls what isn\'t there is a fault in one sentence', async () => {
    const { url } = await serve(response => { stream(response).end(callPiece(0, { name: 'launch_missiles', arguments: '{}' })) })
    const fault = await piecesFrom(url).then(() => undefined, (reason: unknown) => reason)
    expect(fault).toBeInstanceOf(StageError)
    expect((fault as StageError).message).toContain('wants to call a function in a way that can\'t be done.')
  })
})

describe('the engine with a language model', () => {
  const open = (url: string) => connectEngine(createEngine({ stages: createFakeStages({ responder: createChatResponder({ url, model: 'small' }) }), clock: realClock, ids: createCountedIds() }))
  const sessionTools = updated({ tools: tools.map(tool => ({ type: 'function', ...tool })) })

  it('goes the whole way: words, call, output, answer', async () => {
    const { url, asked } = await serve((response, { messages }) => {
      const known = messages.some(({ role }) => role === 'tool')
      stream(response).end(known ? event({ content: 'It is sunny.' }) : [event({ content: 'Let me look.' }), callPiece(0, { name: 'get_weather', arguments: '{"city":"Oslo"}' }, 'theirs')].join(''))
    })
    const client = open(url)
    client.send(sessionTools)
    client.send(typed('weather in Oslo'))
    client.send({ type: 'response.create' })
    const { response } = await client.next('response.done')
    expect(response.output).toMatchObject([{ type: 'message', status: 'completed' }, { type: 'function_call', name: 'get_weather', arguments: '{"city":"Oslo"}', status: 'completed' }])
    const callId = response.output[1].call_id
    client.send({ type: 'conversation.item.create', item: { type: 'function_call_output', call_id: callId, output: '{"sky":"clear"}' } })
    client.send({ type: 'response.create' })
    const answer = await client.next('response.done')
    expect(answer.response.output[0].content[0].transcript).toBe('It is sunny.')
    expect(asked[1]!.messages.slice(1)).toMatchObject([
      { role: 'user' }, { role: 'assistant', content: 'Let me look.', tool_calls: [{ id: callId }] }, { role: 'tool', tool_call_id: callId, content: '{"sky":"clear"}' },
    ])
    client.close()
  })

  it('speaks the first clause while the model still writes', async () => {
    let finish = () => {}
    const { url } = await serve(response => {
      stream(response).write(event({ content: 'This is the first clause. And this ' }))
      finish = () => response.end(event({ content: 'is the second.' }))
    })
    const client = open(url)
    client.send(typed('hello'))
    client.send({ type: 'response.create' })
    await client.next('response.output_audio.delta')
    expect(ofType(client, 'response.output_audio_transcript.delta').map(({ delta }) => delta).join('')).toBe('This is the first clause. ')
    finish()
    expect((await client.next('response.done')).response.output[0].content[0].transcript).toBe('This is the first clause. And this is the second.')
    client.close()
  })

  it('fails the response honestly when the model can\'t be reached', async () => {
    const client = open('http://127.0.0.1:1')
    client.send(typed('hello'))
    client.send({ type: 'response.create' })
    const { response } = await client.next('response.done')
    expect(response).toMatchObject({ status: 'failed', output: [], status_details: { error: { message: expect.stringMatching(/^The language model at http:\/\/127\.0\.0\.1:1 is unreachable/) } } })
    client.close()
  })
})
