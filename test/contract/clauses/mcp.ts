import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startHttp, startMcpServer, type RunningMcpServer } from '../../fakes/mcp-server.ts'
import type { ContractClient, WireEvent } from '../contract-client.ts'
import type { Scene } from '../describe-realtime-server.ts'
import { afterwards, ofType, orderFrom, typed, updated } from './talk.ts'

const asked = 'What is the weather in Tokyo?'
const isMcpEvent = ({ type }: WireEvent) => type.includes('mcp_')
const withoutRepeats = (types: readonly string[]) => types.filter((type, at) => type !== types[at - 1])
const itemOf = (type: string) => (event: WireEvent) => event.type === 'conversation.item.done' && event.item.type === type
const answerWith = (requestId: string, approve: boolean, reason?: string) =>
  ({ type: 'conversation.item.create', item: { type: 'mcp_approval_response', approval_request_id: requestId, approve, ...(reason && { reason }) } })

/** Tools that the server itself lists and calls, on a real MCP server. */
export function mcpContract({ open, capabilities }: Scene): void {
  describe('MCP tools', () => {
    let house: RunningMcpServer
    beforeEach(async () => { house = await startMcpServer() })
    afterEach(() => house.close())

    const definition = (more: object = {}) => ({ type: 'mcp', server_label: 'house', server_url: house.url, require_approval: 'never', ...more })

    /** A session whose tools are imported. */
    async function withHouse(more: object = {}, session: object = {}): Promise<ContractClient> {
      const client = await open()
      client.send(updated({ output_modalities: ['text'], tools: [definition(more)], ...session }))
      await client.next(itemOf('mcp_list_tools'))
      return client
    }

    async function respond(client: ContractClient, text: string | undefined, response?: object): Promise<WireEvent> {
      if (text !== undefined) client.send(typed(text))
      client.send({ type: 'response.create', ...(response && { response }) })
      return client.next('response.done')
    }

    const only = (name: string) => ({ tool_choice: { type: 'mcp', server_label: 'house', name } })

    it('are listed in the exact order, and told in the item', async () => {
      const client = await withHouse()
      const from = ofType(client, 'session.updated')[0]!
      expect(orderFrom(client, from)).toEqual(['session.updated', 'conversation.item.added', 'mcp_list_tools.in_progress', 'mcp_list_tools.completed', 'conversation.item.done'])
      const { item } = ofType(client, 'conversation.item.done')[0]!
      expect(item).toMatchObject({ type: 'mcp_list_tools', server_label: 'house' })
      expect(item.tools[0]).toMatchObject({ name: 'get_weather', description: 'The weather in a city.', input_schema: { type: 'object', required: ['location'] }, annotations: { readOnlyHint: true } })
      for (const event of client.events.filter(({ type }) => type.startsWith('mcp_list_tools.'))) expect(event.item_id).toBe(item.id)
    })

    it.each<[string, object, string[]]>([
      ['names', { allowed_tools: ['hang', 'get_weather'] }, ['get_weather', 'hang']],
      ['what only reads', { allowed_tools: { read_only: true } }, ['get_weather']],
      ['both', { allowed_tools: { read_only: false, tool_names: ['hang', 'get_weather'] } }, ['hang']],
    ])('are those that the client allows, by %s', async (_what, more, names) => {
      const client = await withHouse(more)
      expect(ofType(client, 'conversation.item.done')[0]!.item.tools.map(({ name }: { name: string }) => name)).toEqual(names)
    })

    it('are called and answered from within one response, in the exact order', async () => {
      const client = await withHouse()
      const { response } = await respond(client, asked)
      expect(response.status).toBe('completed')
      const call = response.output.find(({ type }: WireEvent) => type === 'mcp_call')
      expect(call).toMatchObject({ server_label: 'house', name: 'get_weather', output: 'Drizzle in Tokyo', error: null, approval_request_id: null })
      expect(JSON.parse(call.arguments)).toEqual({ location: 'Tokyo' })
      expect(house.calls).toEqual([{ name: 'get_weather', given: { location: 'Tokyo' } }])
      const begun = client.events.findIndex(event => event.type === 'response.output_item.added' && event.item.type === 'mcp_call')
      expect(withoutRepeats(client.events.slice(begun).map(({ type }) => type)).slice(0, 9)).toEqual([
        'response.output_item.added', 'conversation.item.added', 'response.mcp_call_arguments.delta', 'response.mcp_call_arguments.done',
        'response.mcp_call.in_progress', 'response.mcp_call.completed', 'conversation.item.done', 'response.output_item.done', 'response.output_item.added',
      ])
      const place = { item_id: call.id, output_index: response.output.indexOf(call) }
      for (const event of client.events.filter(({ type }) => type.startsWith('response.mcp_call'))) expect(event).toMatchObject(place)
      const deltas = ofType(client, 'response.mcp_call_arguments.delta')
      expect(deltas.map(({ delta }) => delta).join('')).toBe(call.arguments)
      for (const delta of deltas) expect(typeof delta.obfuscation).toBe('string')
      expect(response.output.at(-1)).toMatchObject({ type: 'message', content: [{ text: expect.stringContaining('Drizzle in Tokyo') }] })
    })

    if (capabilities.audioOut) {
      it('are spoken about', async () => {
        const client = await withHouse({}, { output_modalities: ['audio'] })
        const { response } = await respond(client, asked)
        expect(response.output.map(({ type }: WireEvent) => type)).toEqual(['message', 'mcp_call', 'message'])
        expect(response.output.at(-1).content[0].transcript).toContain('Drizzle in Tokyo')
      })
    }

    it('wait for approval, and are called once when it is given', async () => {
      const client = await withHouse({ require_approval: 'always' })
      const first = await respond(client, asked)
      const request = first.response.output.at(-1)
      expect(request).toMatchObject({ type: 'mcp_approval_request', server_label: 'house', name: 'get_weather' })
      expect(JSON.parse(request.arguments)).toEqual({ location: 'Tokyo' })
      expect(house.calls).toEqual([])
      expect(client.events.some(({ type }) => type.startsWith('response.mcp_call.'))).toBe(false)
      client.send(answerWith(request.id, true))
      await client.next(itemOf('mcp_approval_response'))
      const { response } = await respond(client, undefined)
      expect(response.output.map(({ type }: WireEvent) => type)).toEqual(['mcp_call', 'message'])
      expect(response.output[0]).toMatchObject({ approval_request_id: request.id, arguments: request.arguments, output: 'Drizzle in Tokyo' })
      expect((await respond(client, 'Good morning')).response.output.map(({ type }: WireEvent) => type)).toEqual(['message'])
      expect(house.calls).toHaveLength(1)
    })

    it('are not called when approval is denied; the answer knows why', async () => {
      const client = await withHouse({ require_approval: 'always' })
      const request = (await respond(client, asked)).response.output.at(-1)
      client.send(answerWith(request.id, false, 'none of your business'))
      const { response } = await respond(client, undefined)
      expect(response.output).toMatchObject([{ type: 'message', content: [{ text: expect.stringContaining('none of your business') }] }])
      expect(house.calls).toEqual([])
    })

    it('need approval one by one', async () => {
      const client = await withHouse({ require_approval: { never: { read_only: true } } })
      expect((await respond(client, asked)).response.output.at(-1).type).toBe('message')
      expect((await respond(client, asked, only('break_down'))).response.output.at(-1).type).toBe('mcp_approval_request')
      expect(house.calls.map(({ name }) => name)).toEqual(['get_weather'])
    })

    it('may fail: told in events, in the item and in the answer', async () => {
      const client = await withHouse()
      const { response } = await respond(client, asked, only('break_down'))
      const [call, message] = response.output
      expect(call).toMatchObject({ type: 'mcp_call', name: 'break_down', output: null, error: { type: 'tool_execution_error', message: 'There is no weather today.' } })
      expect(message.content[0].text).toContain('There is no weather today.')
      expect(response.status).toBe('completed')
      expect(client.events.filter(isMcpEvent).at(-1)).toMatchObject({ type: 'response.mcp_call.failed', item_id: call.id })
    })

    it('may answer without measure, or be gone: the call fails, the session goes on', async () => {
      const client = await withHouse()
      expect((await respond(client, asked, only('say_too_much'))).response.output[0]).toMatchObject({ output: null, error: { type: 'http_error', code: 502 } })
      await house.close()
      expect((await respond(client, asked)).response.output.find(({ type }: WireEvent) => type === 'mcp_call')).toMatchObject({ output: null, error: { type: 'http_error' } })
      expect((await respond(client, 'Good morning', { tools: [] })).response.status).toBe('completed')
    })

    it('are cut with their response', async () => {
      const client = await withHouse()
      client.send(typed(asked))
      client.send({ type: 'response.create', response: only('hang') })
      await client.next('response.mcp_call.in_progress')
      client.send({ type: 'response.cancel' })
      const { response } = await client.next('response.done')
      expect(response).toMatchObject({ status: 'cancelled', output: [{ type: 'mcp_call', status: 'incomplete', output: null, error: { type: 'tool_execution_error' } }] })
      expect(ofType(client, 'response.mcp_call.failed')).toHaveLength(1)
      expect((await respond(client, asked)).response.status).toBe('completed')
    })

    it('belong to one response alone, from the next one on', async () => {
      const client = await open()
      client.send(updated({ output_modalities: ['text'] }))
      const first = await respond(client, asked, { tools: [definition()] })
      expect(first.response.output.map(({ type }: WireEvent) => type)).toEqual(['message'])
      if (!client.events.some(itemOf('mcp_list_tools'))) await client.next(itemOf('mcp_list_tools'))
      const label = { type: 'mcp', server_label: 'house' }
      expect((await respond(client, asked, { tools: [label] })).response.output.map(({ type }: WireEvent) => type)).toContain('mcp_call')
      expect((await respond(client, asked)).response.output.map(({ type }: WireEvent) => type)).toEqual(['message'])
    })

    it('are imported once, however often they are named, and again when they change', async () => {
      const client = await withHouse()
      client.send(updated({ tools: [definition({ require_approval: 'always' }), { type: 'function', name: 'f' }] }))
      client.send(updated({ tools: [{ type: 'mcp', server_label: 'house' }] }))
      await afterwards(client)
      expect(ofType(client, 'mcp_list_tools.in_progress')).toHaveLength(1)
      client.send(updated({ tools: [definition({ allowed_tools: ['hang'] })] }))
      expect((await client.next(itemOf('mcp_list_tools'))).item.tools).toHaveLength(1)
    })

    it('are used with secrets that nobody sees', async () => {
      const client = await withHouse({ authorization: 'tok-secret', headers: { 'x-key': 'key-secret' } })
      expect(house.headers()).toMatchObject({ authorization: 'Bearer tok-secret', 'x-key': 'key-secret' })
      expect(ofType(client, 'session.updated')[0]!.session.tools).toMatchObject([{ type: 'mcp', server_label: 'house', server_url: house.url }])
      expect(JSON.stringify(client.events)).not.toMatch(/tok-secret|key-secret/)
    })

    it.each<[string, () => Promise<string>]>([
      ['is down', async () => { const { origin, close } = await startHttp(() => {}); await close(); return origin }],
      ['has an address that leads nowhere', async () => 'http://127.0.0.1:x/mcp'],
    ])('can\'t be listed whose server %s: told, and the session goes on', async (_what, urlOf) => {
      const client = await open()
      client.send(updated({ output_modalities: ['text'], tools: [definition({ server_url: await urlOf() })] }))
      const { item } = await client.next(itemOf('mcp_list_tools'))
      expect(item).toMatchObject({ tools: [], error: { message: expect.any(String) } })
      expect(ofType(client, 'mcp_list_tools.failed')).toMatchObject([{ item_id: item.id }])
      expect((await respond(client, asked)).response.output.map(({ type }: WireEvent) => type)).toEqual(['message'])
      client.send(updated({ tools: [definition()] }))
      expect((await client.next(itemOf('mcp_list_tools'))).item.tools.length).toBeGreaterThan(0)
    })

    it('stay out of sight of a client that names none', async () => {
      const client = await open()
      client.send(updated({ output_modalities: ['text'], tools: [{ type: 'function', name: 'f' }] }))
      await respond(client, 'Good morning')
      expect(client.events.filter(isMcpEvent)).toEqual([])
    })

    if (!capabilities.validates) return

    it.each<[string, () => object, string, string]>([
      ['a server without an address', () => updated({ tools: [{ type: 'mcp', server_label: 'garden' }] }), 'missing_required_parameter', 'session.tools[0].server_url'],
      ['a server without a label', () => updated({ tools: [{ type: 'mcp', server_url: house.url }] }), 'missing_required_parameter', 'session.tools[0].server_label'],
      ['two servers of one label', () => updated({ tools: [definition(), definition()] }), 'invalid_value', 'session.tools[1].server_label'],
      ['a connector', () => updated({ tools: [{ type: 'mcp', server_label: 'x', connector_id: 'connector_gmail' }] }), 'invalid_value', 'session.tools[0].connector_id'],
      ['another kind of address', () => updated({ tools: [definition({ server_url: 'file:///etc/passwd' })] }), 'invalid_value', 'session.tools[0].server_url'],
      ['a choice of a server that isn\'t there', () => updated({ tool_choice: { type: 'mcp', server_label: 'garden' } }), 'invalid_value', 'session.tool_choice.server_label'],
      ['a call that is required, with nothing imported', () => ({ type: 'response.create', response: { tools: [definition()], tool_choice: 'required' } }), 'invalid_value', 'response.tool_choice'],
      ['a choice whose tools aren\'t imported', () => ({ type: 'response.create', response: { tools: [definition()], ...only('get_weather') } }), 'invalid_value', 'response.tool_choice'],
      ['an answer to what nobody asked', () => answerWith('mcpr_nowhere', true), 'invalid_value', 'item.approval_request_id'],
    ])('refuses %s', async (_what, event, code, param) => {
      const client = await open()
      client.send({ ...event(), event_id: 'm-1' })
      expect((await client.next('error')).error).toMatchObject({ type: 'invalid_request_error', code, param, event_id: 'm-1' })
      expect(client.events.filter(isMcpEvent)).toEqual([])
      expect(client.events.filter(({ type }) => type === 'session.updated' || type === 'response.created')).toEqual([])
    })

    it('refuses a second answer', async () => {
      const client = await withHouse({ require_approval: 'always' })
      const request = (await respond(client, asked)).response.output.at(-1)
      client.send(answerWith(request.id, false))
      client.send(answerWith(request.id, true))
      expect((await client.next('error')).error).toMatchObject({ code: 'invalid_value', param: 'item.approval_request_id' })
    })
  })
}
