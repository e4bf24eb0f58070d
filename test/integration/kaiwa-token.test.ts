import { RealtimeAgent, RealtimeSession, type TransportEvent } from '@openai/agents-realtime'
import OpenAI from 'openai'
import { OpenAIRealtimeWS } from 'openai/realtime/ws'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { besiege, secrets, type BesiegedKaiwa } from '../fakes/besieged-kaiwa.ts'
import { loopbackCertificate, startTlsFront, type TlsFront } from '../fakes/tls-front.ts'
import type { WireEvent } from '../contract/contract-client.ts'
import { brokenLaws } from '../contract/wire-laws.ts'

/** Clients made for OpenAI, with a Kaiwa token in the place of a key and Kaiwa's address in the place of OpenAI's; nothing else is changed. */

let siege: BesiegedKaiwa
let front: TlsFront
const closers: (() => void)[] = []
beforeAll(async () => {
  siege = await besiege()
  front = await startTlsFront({ port: siege.kaiwa.port })
})
afterEach(() => { for (const close of closers.splice(0)) close() })
afterAll(async () => {
  await front?.close()
  await siege?.close()
})

const soon = { timeout: 10_000, interval: 20 }

function open(apiKey: string) {
  const client = new OpenAIRealtimeWS({ model: 'gpt-realtime-2.1', options: { ca: loopbackCertificate } }, new OpenAI({ apiKey, baseURL: `https://127.0.0.1:${front.port}/v1` }))
  const [events, errors]: [WireEvent[], string[]] = [[], []]
  client.on('event', event => events.push(event as WireEvent))
  client.on('error', error => errors.push(error.message))
  closers.push(() => client.close())
  const until = async (type: string) => {
    await expect.poll(() => events.some(event => event.type === type), soon).toBe(true)
    return events.find(event => event.type === type)!
  }
  return { client, events, errors, until }
}

async function talk({ client, events, errors, until }: ReturnType<typeof open>) {
  expect((await until('session.created')).session).toMatchObject({ model: 'gpt-realtime-2.1' })
  client.send({ type: 'session.update', session: { type: 'realtime', instructions: 'Be kind.' } })
  // One of them may answer what a secret began with.
  await expect.poll(() => events.findLast(({ type }) => type === 'session.updated')?.session.instructions, soon).toBe('Be kind.')
  client.send({ type: 'conversation.item.create', item: { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Good morning' }] } })
  client.send({ type: 'response.create' })
  expect((await until('response.done')).response).toMatchObject({ status: 'completed', output: [{ content: [{ transcript: 'You said Good morning.' }] }] })
  expect(errors).toEqual([])
  expect(brokenLaws(events)).toEqual([])
  expect(events.filter(({ type }) => type.startsWith('kaiwa.'))).toEqual([])
}

describe('the `openai` package', () => {
  it('talks through Kaiwa with a token as its key; the model is shown the server\'s key and never the token', async () => {
    await talk(open(secrets.raider))
    const { headers } = siege.upstream.connections.at(-1)!
    expect(headers.authorization).toBe(`Bearer ${secrets.key}`)
    expect(JSON.stringify(headers)).not.toContain(secrets.raider)
  })

  it('has a spoken turn answered', async () => {
    const line = open(secrets.raider)
    await line.until('session.created')
    line.client.send({ type: 'input_audio_buffer.append', audio: Buffer.alloc(48_000).toString('base64') })
    line.client.send({ type: 'input_audio_buffer.commit' })
    line.client.send({ type: 'response.create' })
    expect((await line.until('response.output_audio_transcript.done')).transcript).toBe('You said 1000 ms.')
    expect(line.events.filter(({ type }) => type === 'response.output_audio.delta').length).toBe(5)
  })

  it.each([['wrong', `${secrets.raider}x`], ['a key of OpenAI\'s', 'sk-proj-0000000000000000'], ['an unknown secret', `ek_${'x'.repeat(21)}`]])('is told 401 when the token is %s, and the model isn\'t dialled', async (_name, key) => {
    const dialled = siege.upstream.connections.length
    const line = open(key)
    await expect.poll(() => line.errors, soon).toEqual([expect.stringContaining('401')])
    expect(siege.upstream.connections).toHaveLength(dialled)
    expect(siege.kaiwa.log()).not.toContain(key)
  })

  it('gets a client secret for its token, and connects with it', async () => {
    // Its HTTP half takes a plain address, its WebSocket half doesn't.
    const api = (apiKey: string) => new OpenAI({ apiKey, baseURL: `${siege.kaiwa.address}/v1`, maxRetries: 0 })
    const { value } = await api(secrets.raider).realtime.clientSecrets.create({ session: { type: 'realtime', model: 'gpt-realtime-2.1' } })
    expect(value).toMatch(/^ek_/)
    await talk(open(value))
    await expect(api('wrong-token').realtime.clientSecrets.create({})).rejects.toMatchObject({ status: 401, code: 'invalid_api_key' })
    expect(siege.kaiwa.log()).not.toContain(value)
  })
})

describe('@openai/agents-realtime', () => {
  async function connect(apiKey: string) {
    const events: WireEvent[] = []
    const session = new RealtimeSession(new RealtimeAgent({ name: 'house', instructions: 'Be kind.' }), { transport: 'websocket', model: 'gpt-realtime-2.1' })
    session.on('transport_event', (event: TransportEvent) => events.push(event as WireEvent))
    session.on('error', () => undefined)
    closers.push(() => session.close())
    await session.connect({ apiKey, url: `ws://127.0.0.1:${siege.kaiwa.port}/v1/realtime?model=gpt-realtime-2.1` })
    return { session, events }
  }

  it('talks through Kaiwa with a token as its key', async () => {
    const { session, events } = await connect(secrets.raider)
    session.sendMessage('Good morning')
    await expect.poll(() => events.some(({ type }) => type === 'response.done'), soon).toBe(true)
    expect(events.find(({ type }) => type === 'response.output_audio_transcript.done')!.transcript).toBe('You said Good morning.')
    await expect.poll(() => session.history.some(item => item.type === 'message' && item.role === 'assistant'), soon).toBe(true)
  })

  it('connects over the subprotocol with a client secret that the token made', async () => {
    const { value } = await (await siege.post('/v1/realtime/client_secrets', {}, siege.asRaider)).json() as { value: string }
    const knocked = await siege.knock({ Origin: 'https://shop.example', 'Sec-WebSocket-Protocol': `realtime, openai-insecure-api-key.${value}` })
    expect(knocked.head).toMatch(/^HTTP\/1\.1 101[^]*sec-websocket-protocol: realtime\r?$/im)
    knocked.line.socket.destroy()
    const { session, events } = await connect(value)
    session.sendMessage('Hello')
    await expect.poll(() => events.some(({ type }) => type === 'response.done'), soon).toBe(true)
  })

  it('is refused with a wrong token', async () => {
    await expect(connect('wrong-token')).rejects.toBeDefined()
    await siege.expectUnharmed()
  })
})
