import { describe, expect, it } from 'vitest'
import { aCall, NOON_MS, someUsage } from '../store-entries.ts'
import type { StoreScene } from '../describe-store.ts'

export function sumsContract(scene: StoreScene): void {
  describe('money and latency', () => {
    it('spending is summed by day, person, model and price list; what has no price stays without', async () => {
      await scene.store.write([
        ...aCall('call_1', 'conv_1').begin('ann').response('r1', 0.5, 'big').response('r2', 0.25, 'big').response('r3', null, 'own')
          .add({ type: 'transcription_usage', itemId: 'a', model: 'ear', usage: { ...someUsage(0.01), transcription_seconds: 12.5 }, pricesOf: '2026-01-01' }).entries,
        ...aCall('call_2', 'conv_2', NOON_MS + 12 * 3_600_000).begin('bob').response('r1', 1, 'big').entries,
      ])
      const rows = await scene.store.spending({ fromDay: '2026-01-20', toDay: '2026-01-21' })
      expect(rows.map(({ day, owner, model, responses, pricesOf, usage }) =>
        [day, owner, model, responses, pricesOf, usage.usd, usage.input_tokens.audio, usage.transcription_seconds])).toEqual([
        ['2026-01-20', 'ann', 'big', 2, '2026-01-01', 0.75, 40, 0],
        ['2026-01-20', 'ann', 'ear', 0, '2026-01-01', 0.01, 20, 12.5],
        ['2026-01-20', 'ann', 'own', 1, null, null, 20, 0],
        ['2026-01-21', 'bob', 'big', 1, '2026-01-01', 1, 20, 0],
      ])
      expect(await scene.store.spending({ fromDay: '2026-01-21', toDay: '2026-01-21', owner: 'ann' })).toEqual([])
      expect((await scene.store.get('ann', 'conv_1'))!.usd).toBeCloseTo(0.76, 9)
      expect((await scene.store.get('ann', 'conv_1'))!.responses.map(({ id, usage, pricesOf }) => [id, usage, pricesOf])).toEqual([
        ['r1', someUsage(0.5), '2026-01-01'], ['r2', someUsage(0.25), '2026-01-01'], ['r3', someUsage(null), null],
      ])
    })

    it('a response is counted once, however often and in however many batches it comes', async () => {
      const { entries } = aCall('call_1', 'conv_1').begin('ann').response('r1', 0.5)
      await Promise.all(Array.from({ length: 5 }, () => scene.store.write([...entries, ...entries])))
      const [row] = await scene.store.spending({ fromDay: '2026-01-20', toDay: '2026-01-20' })
      expect([row!.responses, row!.usage.usd]).toEqual([1, 0.5])
    })

    it('spending outlives the conversation', async () => {
      await scene.store.write(aCall('call_1', 'conv_1').begin('ann').response('r1', 0.5).entries)
      await scene.store.delete('ann', 'conv_1')
      expect(await scene.store.spending({ fromDay: '2026-01-20', toDay: '2026-01-20' })).toMatchObject([{ owner: 'ann', usage: { usd: 0.5 } }])
    })

    it('quantiles are values that were measured, of a call and of a day', async () => {
      const call = aCall('call_1', 'conv_1').begin('ann')
      for (let n = 1; n <= 100; n++) call.latency(`r${n}`, (n * 37 % 100) + 1)
      call.latency('silent', null)
      await scene.store.write([...call.entries, ...aCall('call_2', 'conv_2').begin('ann').latency('r', 5000).entries])
      expect(await scene.store.latencyQuantiles({ callId: 'call_1' })).toEqual({ firstAudioMs: { p50: 50, p95: 95 }, firstHeardMs: null, relayMs: { p50: 0.25, p95: 0.25 } })
      expect((await scene.store.latencyQuantiles({ callId: 'call_2' })).firstAudioMs).toEqual({ p50: 5000, p95: 5000 })
      expect((await scene.store.latencyQuantiles({ day: '2026-01-20' })).firstAudioMs).toEqual({ p50: 51, p95: 96 })
      expect((await scene.store.latencyQuantiles({ day: '2026-01-19' })).firstAudioMs).toBeNull()
      expect(await scene.store.latencyQuantiles({ callId: 'call_1', owner: 'somebody else' })).toEqual({ firstAudioMs: null, firstHeardMs: null, relayMs: null })
      expect((await scene.store.get('ann', 'conv_2'))!.latencies).toEqual([
        { responseId: 'r', speechEndMs: 0, committedMs: 10.5, firstTextMs: null, firstAudioMs: 5000, firstHeardMs: null, relayMs: 0.25, callId: 'call_2', atMs: NOON_MS + 2 },
      ])
    })
  })
}
