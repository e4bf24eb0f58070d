import { describe, expect, it } from 'vitest'
import { createShutdown } from '../../../server/shutdown.ts'
import { startServer } from '../../fakes/running-server.ts'
import { startScriptedUpstream } from '../../fakes/scripted-upstream.ts'

async function scene() {
  const upstream = await startScriptedUpstream({ key: 'test-key' })
  const server = await startServer({ env: { OPENAI_API_KEY: 'test-key', OPENAI_BASE_URL: upstream.baseUrl } })
  const exits: number[] = []
  const exit = (code: number) => { exits.push(code) }
  const stop = createShutdown({ instance: server.instance, servers: new Set([server.http]), closeRest: async () => undefined, exit })
  return { upstream, server, stop, exits }
}

describe('stopping', () => {
  it('Ctrl-C says goodbye to live calls at once, and leaves with 0', async () => {
    const { upstream, server, stop, exits } = await scene()
    const page = await server.connectPage()
    await page.next('session.updated')
    await stop('SIGINT')
    expect(exits).toEqual([0])
    expect(await page.closed).toEqual({ code: 1001, reason: 'server_error.server_draining' })
    expect(page.events.map(event => event.type).slice(-2)).toEqual(['kaiwa.draining', 'error'])
    await upstream.close()
  })

  it('SIGTERM with nobody there is quick; a second signal doesn\'t wait', async () => {
    const { upstream, stop, exits } = await scene()
    const first = stop('SIGTERM')
    void stop('SIGTERM')
    expect(exits).toEqual([143])
    await first
    expect(exits).toEqual([143, 0])
    await upstream.close()
  })
})
