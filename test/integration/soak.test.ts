import { afterAll, beforeAll, expect, it } from 'vitest'
import type { ContractClient } from '../contract/contract-client.ts'
import { besiege, type BesiegedKaiwa } from '../fakes/besieged-kaiwa.ts'
import { frame, openRawLine, upgradeRequest } from '../fakes/raw-line.ts'
import { sturdyConversation } from '../fakes/sturdy-conversation.ts'

/**
 * Callers who come and go in every way there is, while some stay and talk. `KAIWA_SOAK_CALLS` says how many come (6000 without it; a long
 * one: `KAIWA_SOAK_CALLS=50000 npx vitest run --project integration test/integration/soak.test.ts`).
 */
const CALLS = Number(process.env.KAIWA_SOAK_CALLS ?? 6000)
const AT_ONCE = 10
const STAYING = 4
const MB = 1024 * 1024

let siege: BesiegedKaiwa
beforeAll(async () => { siege = await besiege({ conversation: sturdyConversation, settings: { KAIWA_LOG_LEVEL: 'warn' } }) })
afterAll(async () => {
  await siege?.kaiwa.stop()
  await siege?.upstream.close()
})

const ask = frame({ payload: Buffer.from('{"type":"response.create"}') })
const goodbye = frame({ opcode: 8, payload: Buffer.from([3, 232]) })

/** Each a way to come and to leave. */
const visits: (() => Promise<void>)[] = [
  async function cleanly() {
    const line = await siege.program()
    line.write(Buffer.concat([ask, goodbye]))
    await line.read()
  },
  async function asPageCleanly() {
    const line = await siege.page()
    line.write(Buffer.concat([ask, goodbye]))
    await line.read()
  },
  async function byReset() { (await siege.page()).socket.resetAndDestroy() },
  async function inMidAnswer() {
    const line = await siege.program()
    line.write(ask)
    await line.read({ until: 'response.created' })
    line.socket.resetAndDestroy()
  },
  async function inMidHandshake() {
    const line = await openRawLine(siege.kaiwa.port)
    line.write(upgradeRequest(siege.kaiwa.port, siege.asRaider).slice(0, 90))
    await new Promise(resolve => setTimeout(resolve, 2))
    line.socket.resetAndDestroy()
  },
  async function whileItIsDialled() {
    const line = await openRawLine(siege.kaiwa.port)
    line.write(upgradeRequest(siege.kaiwa.port, siege.asRaider))
    await line.read({ until: '\r\n\r\n' })
    line.socket.resetAndDestroy()
  },
  async function refused() { await siege.knock({ Authorization: 'Bearer wrong' }) },
  async function cutForRubbish() {
    const line = await siege.program()
    line.write(frame({ opcode: 3 }))
    await line.read()
  },
]

/** Least squares: units of y for each unit of x. */
function slope(points: readonly (readonly [x: number, y: number])[]): number {
  const mean = (of: 0 | 1) => points.reduce((sum, point) => sum + point[of], 0) / points.length
  const [meanX, meanY] = [mean(0), mean(1)]
  return points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0) / points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0)
}

it(`${CALLS} callers come and go: descriptors and handles are where they were, memory doesn't climb, and who stays hears every answer`, async () => {
  const staying: ContractClient[] = []
  for (let n = 0; n < STAYING; n++) staying.push(n % 2 ? await siege.pageClient() : await siege.client())
  await Promise.all(staying.map(client => client.next('session.created')))
  let turns = 0
  const turn = async () => {
    turns++
    for (const client of staying) client.send({ type: 'response.create' })
    await Promise.all(staying.map(client => client.next('response.done', 20_000)))
  }
  const come = (from: number, count: number) => Promise.all(Array.from({ length: count }, (_, n) => visits[(from + n) % visits.length]!()))
  const settled = () => expect.poll(() => siege.metric('kaiwa_calls_live'), { timeout: 10_000, interval: 20 }).toBe(1 + STAYING)

  for (let n = 0; n < 100; n += AT_ONCE) await come(n, AT_ONCE)
  await turn()
  await settled()
  const [descriptors, handles] = [siege.descriptors(), await siege.metric('nodejs_active_handles_total')]
  const memory: [number, number][] = []
  for (let n = 0; n < CALLS; n += AT_ONCE) {
    await come(n, AT_ONCE)
    if (n % 100 === 0) {
      await turn()
      await siege.expectUnharmed()
      memory.push([n, siege.residentBytes()])
    }
  }
  await settled()
  await expect.poll(() => siege.descriptors(), { timeout: 10_000 }).toBeLessThanOrEqual(descriptors + 3)
  expect(await siege.metric('nodejs_active_handles_total')).toBeLessThanOrEqual(handles + 3)
  // The heap takes what it likes until it is as large as V8 lets it be before it collects: the later half tells. A lost call keeps some 40 kB.
  const later = memory.slice(memory.length / 2)
  expect(slope(later) / 1024, 'kB a caller').toBeLessThan(20)
  expect((later.at(-1)![1] - later[0]![1]) / MB).toBeLessThan(64)
  for (const client of staying) expect(client.events.filter(({ type }) => type === 'response.done')).toHaveLength(turns)
  for (const client of staying) client.close()
  await siege.expectUnharmed()
}, 120_000 + CALLS * 40)
