import { createEngine } from '@kaiwa/engine'
import { afterEach, describe, expect, it } from 'vitest'
import { createCountedIds, realClock } from '../fakes/engine-options.ts'
import { createFakeStages } from '../fakes/fake-stages.ts'
import { openRawLine, upgradeRequest } from '../fakes/raw-line.ts'
import { startServer, type RunningServer } from '../fakes/running-server.ts'

let server: RunningServer
afterEach(async () => { await server?.close() })

describe('an engine that hears as many as it can', () => {
  it('refuses the next caller before the upgrade, keeps the running call as it was, and takes callers again afterwards', async () => {
    let busy = false
    const engine = createEngine({ stages: createFakeStages(), clock: realClock, ids: createCountedIds() })
    server = await startServer({ startEngine: async () => ({ engine, hearing: { able: true, by: 'fake stages' }, atCapacity: () => busy, close: async () => undefined }) })
    const running = await server.connect({ query: '?model=kaiwa-local' })
    await running.next('session.created')

    busy = true
    const line = await openRawLine(server.port)
    line.write(upgradeRequest(server.port))
    const refusal = (await line.read({ until: '}}' })).toString('latin1')
    line.socket.destroy()
    expect(refusal).toMatch(/^HTTP\/1.1 503 /)
    expect(refusal).toMatch(/retry-after: 5/i)
    expect(refusal).toContain('"server_full"')

    running.send({ type: 'conversation.item.create', item: { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Hello' }] } })
    running.send({ type: 'response.create' })
    expect((await running.next('response.done')).response.status).toBe('completed')

    busy = false
    const next = await server.connect({ query: '?model=kaiwa-local' })
    await next.next('session.created')
    next.close()
    running.close()
  })
})
