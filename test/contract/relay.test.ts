import { createEngine, type Engine } from '@kaiwa/engine'
import { createMcpConnector } from '../../server/engine/mcp-client.ts'
import { createCountedIds, realClock } from '../fakes/engine-options.ts'
import { createFakeStages } from '../fakes/fake-stages.ts'
import { startServer } from '../fakes/running-server.ts'
import { startScriptedUpstream, type Script } from '../fakes/scripted-upstream.ts'
import { describeRealtimeServer, type ConnectOptions } from './describe-realtime-server.ts'

const freshEngine = () => createEngine({ stages: createFakeStages(), clock: realClock, ids: createCountedIds(), mcp: createMcpConnector({ reach: 'anywhere' }) })

const queryOf = ({ model = 'kaiwa-local', intent }: ConnectOptions = {}) => intent ? `?intent=${intent}` : `?model=${model}`

/** The engine on the upstream's side: what goes through the relay is then as rich as a real conversation. */
function conversationOf(engine: Engine): Script['conversation'] {
  return (send, model, intent) => {
    const session = engine.openSession({ send: text => send(JSON.parse(text) as object), close() {} }, { model, intent })
    return { receive: text => session.receive(text), close: () => session.close() }
  }
}

describeRealtimeServer('WebSocket → door → relay → scripted upstream', async () => {
  const upstream = await startScriptedUpstream({ key: 'test-key', conversation: conversationOf(freshEngine()) })
  const server = await startServer({ env: { OPENAI_API_KEY: 'test-key', OPENAI_BASE_URL: upstream.baseUrl } })
  return {
    connect: options => server.connect({ query: queryOf(options) }),
    async close() {
      await server.close()
      await upstream.close()
    },
  }
}, { mcp: true })

describeRealtimeServer('WebSocket → door → embedded engine', async () => {
  const server = await startServer({ startEngine: async () => ({ engine: freshEngine(), hearing: { able: true, by: 'fake stages' }, close: async () => undefined }) })
  return {
    connect: options => server.connect({ query: queryOf(options) }),
    close: () => server.close(),
  }
}, { mcp: true })
