import { describe, expect, it } from 'vitest'
import { createLog } from '../../../server/log.ts'
import type { Instance } from '../../../server/realtime/instance.ts'
import { createShutdown } from '../../../server/shutdown.ts'
import { createManualClock, settled } from '../../fakes/manual-clock.ts'
import { startServer } from '../../fakes/running-server.ts'
import { startScriptedUpstream } from '../../fakes/scripted-upstream.ts'

async function scene(env: Record<string, string> = {}) {
  const upstream = await startScriptedUpstream({ key: 'test-key' })
  const server = await startServer({ env: { OPENAI_API_KEY: 'test-key', OPENAI_BASE_URL: upstream.baseUrl, ...env } })
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

  it.each([[0, 1], [1, 1], [4, 4], [25, 25], [60, 60]])('takes at most KAIWA_DRAIN_SECONDS (%i), and a moment at least, though everything hangs', async (drainSeconds, mostSeconds) => {
    const clock = createManualClock()
    const exits: number[] = []
    const hangs = () => new Promise<never>(() => {})
    const asked: [what: string, atMs: number][] = []
    const startMs = clock.nowMs()
    const note = (what: string) => () => { asked.push([what, clock.nowMs() - startMs]); return hangs() }
    const instance = {
      log: createLog({ level: 'error', secrets: [], write() {} }), settings: { drainSeconds }, beginDraining() {}, personas: { close() {} },
      calls: { live: 3, drain: note('drain') }, door: { close: note('door') }, brains: { close: note('brains') }, metering: { flush: note('flush') }, endKeeping: note('keeping'),
    } as unknown as Instance
    void createShutdown({ instance, clock, servers: new Set(), closeRest: note('rest'), exit: code => { exits.push(code) } })('SIGTERM')
    await clock.advance(mostSeconds * 1000 - 1)
    expect(exits).toEqual([])
    await clock.advance(1)
    await settled()
    expect(exits).toEqual([0])
    expect(asked.map(([what]) => what)).toEqual(['drain', 'door', 'rest', 'brains', 'flush', 'keeping'])
    // Files get a fifth of what follows the calls, at least.
    expect(mostSeconds * 1000 - asked.at(-1)![1]).toBeGreaterThanOrEqual(Math.min(5000, mostSeconds * 250) / 5)
  })

  it('charges an answer that the model doesn\'t report in time, and leaves within its time', async () => {
    const { upstream, server, stop, exits } = await scene({ KAIWA_DRAIN_SECONDS: '2' })
    upstream.script({ conversation: send => {
      send({ type: 'session.created', event_id: 'event_s', session: {} })
      return {
        receive(text) {
          if (!text.includes('response.create')) return
          send({ type: 'response.created', event_id: 'event_c', response: { id: 'resp_open' } })
          send({ type: 'response.output_audio.delta', event_id: 'event_d', delta: 'A'.repeat(64_000) })
        },
        close() {},
      }
    } })
    const client = await server.connect({ query: '?model=gpt-realtime-2.1' })
    client.send({ type: 'response.create' })
    await client.next('response.output_audio.delta')
    const startedAt = performance.now()
    await stop('SIGTERM')
    expect(exits).toEqual([0])
    expect(performance.now() - startedAt).toBeLessThan(2500)
    expect(server.instance.calls.settling).toBe(0)
    expect(server.instance.metering.totals().all.output_tokens.audio).toBe(20)
    await upstream.close()
  })
})
