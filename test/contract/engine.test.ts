import { createEngine } from '@kaiwa/engine'
import { createMcpConnector } from '../../server/engine/mcp-client.ts'
import { createCountedIds, realClock } from '../fakes/engine-options.ts'
import { createFakeStages } from '../fakes/fake-stages.ts'
import { describeRealtimeServer } from './describe-realtime-server.ts'
import { connectEngine } from './engine-client.ts'

describeRealtimeServer('the embedded engine, in this process', async () => {
  const engine = createEngine({ stages: createFakeStages(), clock: realClock, ids: createCountedIds(), mcp: createMcpConnector({ reach: 'anywhere' }) })
  return { connect: async options => connectEngine(engine, options), close() {} }
}, { mcp: true })
