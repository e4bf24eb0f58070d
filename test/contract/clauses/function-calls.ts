import { expect, it } from 'vitest'
import type { ContractClient, WireEvent } from '../contract-client.ts'
import type { Scene } from '../describe-realtime-server.ts'
import { recording, speak } from '../recording.ts'
import { ofType, typed, updated } from './talk.ts'

const weather = { type: 'function', name: 'get_weather', description: 'The weather in a city.', parameters: { type: 'object', properties: { location: { type: 'string' } }, required: ['location'] } }
const takeNote = { type: 'function', name: 'take_note', description: 'Keeps a note.', parameters: { type: 'object', properties: { text: { type: 'string' } }, required: ['text'] } }
const ping = { type: 'function', name: 'ping', description: 'Tells whether the house answers.' }
const named = (name: string) => ({ type: 'function', name })
const asked = 'What is the weather in Tokyo?'

const order = (events: readonly WireEvent[]) => events.map(({ type }) => type).filter((type, at, all) => type !== all[at - 1] && type !== 'rate_limits.updated')
const callsOf = (done: WireEvent): WireEvent[] => done.response.output.filter((item: WireEvent) => item.type === 'function_call')
const result = (callId: string, output: string) => ({ type: 'conversation.item.create', item: { type: 'function_call_output', call_id: callId, output } })

/** Functions of the client's: called, answered, refused, cut. */
export function functionCallContract({ open, capabilities }: Scene): void {
  async function withTools(session: object): Promise<ContractClient> {
    const client = await open()
    client.send(updated({ output_modalities: capabilities.audioOut ? ['audio'] : ['text'], ...session }))
    await client.next('session.updated')
    return client
  }

  async function respond(client: ContractClient, text: string, response?: object): Promise<WireEvent> {
    client.send(typed(text))
    client.send({ type: 'response.create', ...(response && { response }) })
    return client.next('response.done')
  }

  it('calls a function in the exact order: what is said first, then the call', async () => {
    const client = await withTools({ tools: [weather] })
    const done = await respond(client, asked)
    const begun = client.events.findIndex(event => event.type === 'response.output_item.added' && event.item.type === 'function_call')
    expect(order(client.events.slice(begun, client.events.indexOf(done) + 1))).toEqual([
      'response.output_item.added', 'conversation.item.added', 'response.function_call_arguments.delta', 'response.function_call_arguments.done', 'conversation.item.done', 'response.output_item.done', 'response.done',
    ])
    const messages = ofType(client, 'response.output_item.done').filter(event => event.item.type === 'message')
    for (const message of messages) expect(client.events.indexOf(message)).toBeLessThan(begun)
  })

  it('gives the call a name, an id and arguments that are JSON, the same in every event', async () => {
    const client = await withTools({ tools: [weather], tool_choice: named('get_weather') })
    const done = await respond(client, asked)
    expect(done.response.status).toBe('completed')
    const [item] = callsOf(done)
    expect(item).toMatchObject({ type: 'function_call', status: 'completed', name: 'get_weather', call_id: expect.stringMatching(/^call_/) })
    expect(JSON.parse(item!.arguments)).toMatchObject({ location: expect.stringContaining('Tokyo') })
    const added = ofType(client, 'response.output_item.added').find(event => event.item.id === item!.id)!
    expect(added.item).toMatchObject({ status: 'in_progress', arguments: '', name: 'get_weather', call_id: item!.call_id })
    const place = { response_id: done.response.id, item_id: item!.id, output_index: done.response.output.indexOf(item), call_id: item!.call_id }
    for (const event of client.events.filter(({ type }) => type.startsWith('response.function_call_arguments.'))) expect(event).toMatchObject(place)
    expect(ofType(client, 'response.function_call_arguments.delta').map(({ delta }) => delta).join('')).toBe(item!.arguments)
    expect(ofType(client, 'response.function_call_arguments.done')[0]).toMatchObject({ name: 'get_weather', arguments: item!.arguments })
    expect(ofType(client, 'conversation.item.added').find(event => event.item.id === item!.id)!.item.call_id).toBe(item!.call_id)
  })

  it('answers from the output', async () => {
    const client = await withTools({ tools: [weather] })
    const [item] = callsOf(await respond(client, asked))
    client.send(result(item!.call_id, 'Seventeen degrees and drizzle'))
    expect((await client.next('conversation.item.done')).item).toMatchObject({ type: 'function_call_output', call_id: item!.call_id, status: 'completed' })
    client.send({ type: 'response.create', response: { output_modalities: ['text'] } })
    const { response } = await client.next('response.done')
    expect(response.output).toHaveLength(1)
    expect(response.output[0].content[0].text).toMatch(/seventeen|17|drizzle/i)
  })

  it('has a call without arguments say {}', async () => {
    const client = await withTools({ tools: [ping], tool_choice: 'required' })
    expect(callsOf(await respond(client, 'Is the house there?'))).toMatchObject([{ name: 'ping', arguments: '{}' }])
    expect(ofType(client, 'response.function_call_arguments.delta').map(({ delta }) => delta)).toEqual(['{}'])
  })

  it('refuses an output for a call that never was, and does not add it', async () => {
    const client = await withTools({ tools: [weather] })
    client.send({ ...result('call_nowhere', 'x'), event_id: 'o-1' })
    expect((await client.next('error')).error).toMatchObject({ type: 'invalid_request_error', code: 'invalid_tool_call_id', event_id: 'o-1', message: 'Tool call ID \'call_nowhere\' not found in conversation.' })
    expect(ofType(client, 'conversation.item.added')).toEqual([])
  })

  it('keeps to tool_choice, of the session and of one response', async () => {
    const client = await withTools({ tools: [takeNote, weather], tool_choice: 'none' })
    expect(callsOf(await respond(client, asked))).toEqual([])
    expect(callsOf(await respond(client, asked, { tool_choice: named('get_weather') }))).toMatchObject([{ name: 'get_weather' }])
    expect(callsOf(await respond(client, 'Good morning', { tools: [weather], tool_choice: 'required' }))).toMatchObject([{ name: 'get_weather' }])
  })

  it('takes a function\'s bare name for a choice', async () => {
    const client = await withTools({ tools: [takeNote, weather], tool_choice: 'get_weather' })
    expect(callsOf(await respond(client, asked))).toMatchObject([{ name: 'get_weather' }])
  })

  it('lets one response have tools of its own, and none', async () => {
    const client = await withTools({})
    expect(callsOf(await respond(client, asked, { tools: [weather] }))).toMatchObject([{ name: 'get_weather' }])
    client.send(updated({ tools: [weather] }))
    expect(callsOf(await respond(client, asked, { tools: [] }))).toEqual([])
  })

  it('makes several calls side by side, and answers from all outputs at once', async () => {
    const client = await withTools({ tools: [weather] })
    const both = 'What is the weather in Tokyo, and in Paris?'
    const done = await respond(client, both)
    const calls = callsOf(done)
    expect(calls.map(call => JSON.parse(call.arguments).location)).toEqual([expect.stringContaining('Tokyo'), expect.stringContaining('Paris')])
    expect(new Set(calls.map(call => call.call_id)).size).toBe(2)
    for (const [index, call] of calls.entries()) client.send(result(call.call_id, `Result number ${index + 1}`))
    client.send({ type: 'response.create', response: { output_modalities: ['text'] } })
    expect((await client.next('response.done')).response.output[0].content[0].text).toMatch(/1[\s\S]*2/)
    expect(callsOf(await respond(client, both, { parallel_tool_calls: false }))).toHaveLength(1)
  })

  it('beside the conversation calls without touching it', async () => {
    const client = await withTools({ tools: [weather], tool_choice: 'required' })
    client.send({ type: 'response.create', response: { conversation: 'none', input: [{ type: 'message', role: 'user', content: [{ type: 'input_text', text: asked }] }] } })
    expect(callsOf(await client.next('response.done'))).toMatchObject([{ name: 'get_weather' }])
    expect(client.events.filter(({ type }) => type.startsWith('conversation.item.'))).toEqual([])
  })

  it('cuts a call when it is cancelled, and says so', async () => {
    const client = await withTools({ tools: [takeNote] })
    client.send(typed('Take a long note'))
    client.send({ type: 'response.create' })
    await client.next('response.function_call_arguments.delta')
    await client.next('response.function_call_arguments.delta')
    client.send({ type: 'response.cancel' })
    const done = await client.next('response.done')
    expect(done.response).toMatchObject({ status: 'cancelled', status_details: { reason: 'client_cancelled' } })
    expect(done.response.output.at(-1)).toMatchObject({ type: 'function_call', status: 'incomplete' })
    expect(order(client.events.slice(0, client.events.indexOf(done) + 1)).slice(-4)).toEqual([
      'response.function_call_arguments.done', 'conversation.item.done', 'response.output_item.done', 'response.done',
    ])
    expect((await respond(client, 'Good morning')).response.status).toBe('completed')
  })

  it('counts a call\'s arguments as output, and stops at the limit', async () => {
    const client = await withTools({ tools: [takeNote] })
    const { response } = await respond(client, 'Take a long note', { max_output_tokens: 100, tool_choice: named('take_note') })
    expect(response).toMatchObject({ status: 'incomplete', status_details: { reason: 'max_output_tokens' }, output: [{ type: 'function_call', status: 'incomplete' }] })
    expect(response.usage.output_token_details.text_tokens).toBeGreaterThan(10)
  })

  if (capabilities.audioIn) {
    it('cuts a call when the user begins to speak', async () => {
      const client = await withTools({ tools: [takeNote] })
      client.send(typed('Take a long note'))
      client.send({ type: 'response.create' })
      await client.next('response.function_call_arguments.delta')
      await speak(client, recording('go-forward.wav'))
      const { response } = await client.next('response.done')
      expect(response).toMatchObject({ status: 'cancelled', status_details: { reason: 'turn_detected' } })
      expect(response.output.at(-1)).toMatchObject({ type: 'function_call', status: 'incomplete' })
    })
  }

  if (!capabilities.validates) return

  it.each([
    ['two tools of one name', updated({ tools: [weather, weather] }), 'session.tools[1].name'],
    ['a name that is none', updated({ tools: [{ ...weather, name: 'get weather!' }] }), 'session.tools[0].name'],
    ['parameters of an array', updated({ tools: [{ ...weather, parameters: { type: 'array' } }] }), 'session.tools[0].parameters.type'],
    ['a choice of a tool that isn\'t there', updated({ tools: [weather], tool_choice: named('sing') }), 'session.tool_choice'],
    ['a response with two tools of one name', { type: 'response.create', response: { tools: [ping, ping] } }, 'response.tools[1].name'],
    ['a response that has to call, and can\'t', { type: 'response.create', response: { tools: [], tool_choice: 'required' } }, 'response.tool_choice'],
    ['a response with a choice that isn\'t there', { type: 'response.create', response: { tool_choice: named('sing') } }, 'response.tool_choice'],
  ])('refuses %s', async (_what, event, param) => {
    const client = await open()
    client.send({ ...event, event_id: 'v-1' })
    expect((await client.next('error')).error).toMatchObject({ type: 'invalid_request_error', code: 'invalid_value', param, event_id: 'v-1' })
    expect(client.events.filter(({ type }) => type === 'session.updated' || type === 'response.created')).toEqual([])
  })
}
