import { describe, expect, it } from 'vitest'
import type { ResponderRequest } from '../src/index.ts'
import { createEngine } from '../src/index.ts'
import { MAX_MCP_SERVERS, MAX_MCP_TOOLS } from '../src/mcp-servers.ts'
import { ask, ofType, typed, updated } from '../../../test/contract/clauses/talk.ts'
import { connectEngine } from '../../../test/contract/engine-client.ts'
import { brokenLaws, leftOpen } from '../../../test/contract/wire-laws.ts'
import { createCountedIds } from '../../../test/fakes/engine-options.ts'
import { createFakeMcp, fakeTool, toolFails } from '../../../test/fakes/fake-mcp.ts'
import type { FakeMcp } from '../../../test/fakes/fake-mcp.ts'
import { createFakeStages } from '../../../test/fakes/fake-stages.ts'
import { createManualClock, settled } from '../../../test/fakes/manual-clock.ts'

type Respond = (request: ResponderRequest) => AsyncIterable<string | { kind: 'tool_call', name: string } | { kind: 'tool_arguments', delta: string }>
const never = () => new Promise<never>(() => {})
const house = (more: object = {}) => ({ type: 'mcp', server_label: 'house', server_url: 'https://house.example/mcp', require_approval: 'never', ...more })

/** Calls `f` in every round that allows it. */
const insisting: Respond = async function* ({ toolChoice }) {
  if (toolChoice === 'none') return yield 'Enough.'
  yield { kind: 'tool_call', name: 'f' }
}

function open(mcp: FakeMcp, respond: Respond = insisting) {
  const clock = createManualClock()
  const requests: ResponderRequest[] = []
  const responder = { respond(request: ResponderRequest) { requests.push(request); return respond(request) } }
  const client = connectEngine(createEngine({ stages: createFakeStages({ responder }), clock, ids: createCountedIds(), mcp }))
  return { client, clock, requests }
}

async function openWith(mcp: FakeMcp, tools: object[] = [house()], respond?: Respond) {
  const scene = open(mcp, respond)
  scene.client.send(updated({ output_modalities: ['text'], tools }))
  await settled()
  return scene
}

describe('a server that hangs', () => {
  it('while it is connected to: the import fails in time, and nothing is left open', async () => {
    const { client, clock } = await openWith(createFakeMcp({ connect: never }))
    expect(ofType(client, 'mcp_list_tools.in_progress')).toHaveLength(1)
    await clock.advance(25_000)
    expect(ofType(client, 'mcp_list_tools.failed')).toHaveLength(1)
    expect(ofType(client, 'conversation.item.done')[0]!.item).toMatchObject({ tools: [], error: { code: 504 } })
    expect([...brokenLaws(client.events), ...leftOpen(client.events)]).toEqual([])
  })

  it('while it is called: the call fails in time and is told to stop, the next one finds a new connection', async () => {
    const mcp = createFakeMcp({ call: never })
    const { client, clock } = await openWith(mcp, [house()], async function* ({ turns }) {
      if (turns.at(-1)?.role === 'tool_output') yield 'So be it.'
      else yield { kind: 'tool_call', name: 'f' }
    })
    const done = ask(client, 'go')
    await settled()
    await clock.advance(65_000)
    expect((await done).response.output).toMatchObject([{ type: 'mcp_call', arguments: '{}', error: { code: 504 } }, { type: 'message' }])
    expect(mcp.called[0]!.signal.aborted).toBe(true)
    expect(mcp.closed).toBe(1)
    void ask(client, 'again').catch(() => {})
    await settled()
    expect(mcp.connected).toHaveLength(2)
  })
})

describe('calls', () => {
  it('end after eight rounds: the last answer has to do without', async () => {
    const mcp = createFakeMcp()
    const { client, requests } = await openWith(mcp)
    const { response } = await ask(client, 'go', { tool_choice: 'required' })
    expect(requests.map(({ toolChoice }) => toolChoice)).toEqual(['required', ...Array.from({ length: 6 }, () => 'auto'), 'none'])
    expect(mcp.called).toHaveLength(7)
    expect(response).toMatchObject({ status: 'completed' })
    expect(response.output.at(-1)).toMatchObject({ type: 'message', content: [{ text: 'Enough.' }] })
  })

  it('are seen by the responder like those of functions, failures included', async () => {
    const { client, requests } = await openWith(createFakeMcp({ call: toolFails }), [house()], async function* ({ turns }) {
      if (turns.at(-1)?.role === 'tool_output') return yield 'It broke.'
      yield 'One moment. '
      yield { kind: 'tool_call', name: 'f' }
      yield { kind: 'tool_arguments', delta: '{"location":"Oslo"}' }
    })
    const { response } = await ask(client, 'go')
    expect(requests[0]!.tools).toEqual([{ name: 'f', description: 'Does f.', parameters: expect.any(Object) }])
    expect(requests[1]!.turns.slice(1)).toMatchObject([
      { role: 'assistant', text: 'One moment. ' },
      { role: 'tool_call', name: 'f', argumentsJson: '{"location":"Oslo"}' },
      { role: 'tool_output', output: '{"error":"The tool broke."}' },
    ])
    expect(response.usage.input_tokens).toBeGreaterThan(0)
  })

  it('beside a function\'s: the response ends, for the client brings that result', async () => {
    const { client, requests } = await openWith(createFakeMcp(), [house(), { type: 'function', name: 'own' }], async function* () {
      yield { kind: 'tool_call', name: 'f' }
      yield { kind: 'tool_call', name: 'own' }
    })
    const { response } = await ask(client, 'go')
    expect(response.output).toMatchObject([{ type: 'mcp_call', output: 'result of f' }, { type: 'function_call', name: 'own' }])
    expect(requests).toHaveLength(1)
  })

  it('out of band leave the conversation alone', async () => {
    const { client } = await openWith(createFakeMcp())
    const before = ofType(client, 'conversation.item.added').length
    const input = [{ type: 'message', role: 'user', content: [{ type: 'input_text', text: 'go' }] }]
    client.send({ type: 'response.create', response: { conversation: 'none', input } })
    const { response } = await client.next('response.done')
    expect(response.output[0]).toMatchObject({ type: 'mcp_call', output: 'result of f' })
    expect(ofType(client, 'conversation.item.added')).toHaveLength(before)
  })

  it('approved for a server that is gone fail, and say so', async () => {
    const { client } = await openWith(createFakeMcp(), [], async function* () { yield 'Pity.' })
    client.send({ type: 'conversation.item.create', item: { type: 'mcp_approval_request', id: 'mcpr_old', server_label: 'garden', name: 'dig', arguments: '{}' } })
    client.send({ type: 'conversation.item.create', item: { type: 'mcp_approval_response', approval_request_id: 'mcpr_old', approve: true } })
    client.send({ type: 'response.create' })
    const { response } = await client.next('response.done')
    expect(response.output).toMatchObject([{ type: 'mcp_call', approval_request_id: 'mcpr_old', error: { type: 'protocol_error', message: 'The MCP server \'garden\' has no tool \'dig\' here.' } }, { type: 'message' }])
  })
})

describe('a request for approval that was cut', () => {
  it('can\'t be answered', async () => {
    const { client } = await openWith(createFakeMcp(), [house({ require_approval: 'always' })], async function* () {
      yield { kind: 'tool_call', name: 'f' }
      yield { kind: 'tool_arguments', delta: '{"loc' }
      await never()
    })
    client.send(typed('go'))
    client.send({ type: 'response.create' })
    await client.next('response.mcp_call_arguments.delta')
    client.send({ type: 'response.cancel' })
    const [request] = (await client.next('response.done')).response.output
    expect(request).toMatchObject({ type: 'mcp_approval_request', status: 'incomplete' })
    client.send({ type: 'conversation.item.create', item: { type: 'mcp_approval_response', approval_request_id: request.id, approve: true } })
    expect((await client.next('error')).error.param).toBe('item.approval_request_id')
  })
})

describe('bounds', () => {
  it('keep the first tools of a server that has too many', async () => {
    const { client } = await openWith(createFakeMcp({ tools: Array.from({ length: 500 }, (_, index) => fakeTool(`t${index}`)) }))
    expect(ofType(client, 'conversation.item.done')[0]!.item.tools).toHaveLength(MAX_MCP_TOOLS)
  })

  it('refuse more servers than a session may have, as a whole', async () => {
    const mcp = createFakeMcp()
    const { client } = await openWith(mcp, Array.from({ length: MAX_MCP_SERVERS + 1 }, (_, index) => house({ server_label: `s${index}` })))
    expect(ofType(client, 'error')[0]!.error).toMatchObject({ code: 'invalid_value', param: `session.tools[${MAX_MCP_SERVERS}]` })
    expect(mcp.connected).toEqual([])
  })
})

describe('a session', () => {
  it('that begins with a server imports its tools', async () => {
    const mcp = createFakeMcp()
    const client = connectEngineWith(mcp, { tools: [house({ authorization: 'tok' })] })
    await client.next('mcp_list_tools.completed')
    expect(mcp.connected).toEqual([{ serverUrl: 'https://house.example/mcp', authorization: 'tok' }])
    expect(JSON.stringify(client.events)).not.toContain('tok"')
  })

  it('that is over closes its connections, one that comes late included', async () => {
    let connect = () => {}
    const mcp = createFakeMcp({ connect: () => new Promise(resolve => { connect = resolve }) })
    const { client } = await openWith(mcp)
    client.close()
    connect()
    await settled()
    expect(mcp.closed).toBeGreaterThan(0)
    const other = createFakeMcp()
    const second = await openWith(other)
    second.client.close()
    await settled()
    expect(other.closed).toBe(1)
  })
})

function connectEngineWith(mcp: FakeMcp, session: object) {
  const engine = createEngine({ stages: createFakeStages(), clock: createManualClock(), ids: createCountedIds(), mcp })
  return connectEngine(engine, { session: { type: 'realtime', ...session } })
}
