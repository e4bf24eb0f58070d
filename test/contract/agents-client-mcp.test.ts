import { createEngine, createOfflineResponder } from '@kaiwa/engine'
import { RealtimeAgent, RealtimeSession } from '@openai/agents-realtime'
import type { TransportEvent } from '@openai/agents-realtime'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createMcpConnector } from '../../server/engine/mcp-client.ts'
import { createCountedIds, realClock } from '../fakes/engine-options.ts'
import { createFakeStages } from '../fakes/fake-stages.ts'
import { startMcpServer } from '../fakes/mcp-server.ts'
import type { RunningMcpServer } from '../fakes/mcp-server.ts'
import { startServer } from '../fakes/running-server.ts'
import type { RunningServer } from '../fakes/running-server.ts'
import { brokenLaws } from './wire-laws.ts'
import type { WireEvent } from './contract-client.ts'

/** OpenAI's own client with MCP tools that the server calls, and the offline responder that picks them by their words. */

const responder = createOfflineResponder({ now: () => new Date('2026-03-03T15:05:00Z'), timeZone: 'UTC', random: () => 0, evaluate: async () => '84' })
const engine = () => createEngine({ stages: createFakeStages({ responder }), clock: realClock, ids: createCountedIds(), mcp: createMcpConnector({ reach: 'anywhere' }) })

let house: RunningMcpServer
let server: RunningServer
let session: RealtimeSession
let events: WireEvent[]
let errors: unknown[]

const sent = (type: string) => events.filter(event => event.type === type)
const soon = { timeout: 10_000, interval: 20 }
const until = (type: string, count = 1) => expect.poll(() => sent(type).length, soon).toBeGreaterThanOrEqual(count)
/** Of all responses: the client asks for one more after each call, to which there is nothing to add. */
const said = () => sent('response.output_audio_transcript.done').map(({ transcript }) => transcript)

async function connect(requireApproval: 'always' | 'never'): Promise<void> {
  const common = { type: 'mcp' as const, server_label: 'house', server_url: house.url }
  const providerData = requireApproval === 'never' ? { ...common, require_approval: requireApproval } : { ...common, require_approval: requireApproval }
  const tools = [{ type: 'hosted_tool' as const, name: 'hosted_mcp' as const, providerData }]
  session = new RealtimeSession(new RealtimeAgent({ name: 'house', instructions: 'Be kind.', tools }), { transport: 'websocket', model: 'kaiwa-local' })
  session.on('transport_event', (event: TransportEvent) => events.push(event as WireEvent))
  session.on('error', error => errors.push(error))
  await session.connect({ apiKey: 'unused', model: 'kaiwa-local', url: `ws://127.0.0.1:${server.port}/v1/realtime?model=kaiwa-local` })
  await until('mcp_list_tools.completed')
}

beforeEach(async () => {
  events = []
  errors = []
  house = await startMcpServer()
  server = await startServer({ startEngine: async () => ({ engine: engine(), hearing: { able: true, by: 'fake stages' }, close: async () => undefined }) })
})

afterEach(async () => {
  session.close()
  await server.close()
  await house.close()
  expect(errors).toEqual([])
  expect(brokenLaws(events)).toEqual([])
})

describe('@openai/agents-realtime with MCP tools', () => {
  it('is told what tools there are, has one called, and hears what it gave back', async () => {
    await connect('never')
    await expect.poll(() => session.availableMcpTools.map(({ name }) => name), soon).toContain('get_weather')
    session.sendMessage('What is the weather in Tokyo?')
    await until('response.done')
    expect(house.calls).toEqual([{ name: 'get_weather', given: { location: 'Tokyo' } }])
    await expect.poll(said, soon).toEqual(['Let me look that up.', 'Drizzle in Tokyo.'])
    await expect.poll(() => session.history.find(item => item.type === 'mcp_call'), soon).toMatchObject({ name: 'get_weather', status: 'completed', output: 'Drizzle in Tokyo' })
  })

  it.each([
    ['approves', true, 'Drizzle in Tokyo.'],
    ['rejects', false, 'That didn\'t work'],
  ])('is asked for approval, and %s', async (_what, yes, words) => {
    await connect('always')
    session.on('tool_approval_requested', (_context, _agent, { approvalItem }) => void (yes ? session.approve(approvalItem) : session.reject(approvalItem)))
    session.sendMessage('What is the weather in Tokyo?')
    await expect.poll(() => sent('conversation.item.done').some(({ item }) => item.type === 'mcp_approval_response'), soon).toBe(true)
    await until('response.done')
    expect(house.calls).toEqual([])
    session.transport.sendEvent({ type: 'response.create' })
    await until('response.done', 2)
    expect(house.calls).toHaveLength(yes ? 1 : 0)
    expect(said().join(' ')).toContain(words)
  })
})
