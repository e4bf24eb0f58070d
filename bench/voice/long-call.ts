import type { Page } from 'playwright-core'
import type { Stage } from '../../test/e2e/marked-runs.ts'
import { until, untilState, visit } from '../../test/e2e/talker.ts'
import type { Figure } from './figure.ts'

const ITEMS = 2000
/** Items between two looks at the memory. */
const STRETCH = 500
/** What a turn may keep: its text, its elements. */
const MAX_KB_PER_ITEM = 12

/** An hour's turns in a minute: 2000 items of text come over the line; then what the page keeps, and whether it still moves. */
export async function longCallFigures({ server, upstream, answer }: Stage): Promise<Figure[]> {
  upstream.connections.length = 0
  answer([[[{ atMs: 0, from: 0, count: 5 }]]])
  const talker = await visit(server.address)
  try {
    const { page } = talker
    await page.getByRole('textbox', { name: 'Message' }).fill('Go on')
    await talker.button('Send').click()
    await untilState(talker, ['speaking', 'listening'])
    const { send } = upstream.connections[0]!
    const heapsMb = [await heapMb(page)]
    let previous: string | null = null
    for (let n = 0; n < ITEMS; n++) {
      const id = `item_long${n}`
      const isUser = n % 2 === 0
      const content = isUser ? [{ type: 'input_text', text: `Question ${n}: what else is there to say about it?` }] : [{ type: 'output_text', text: `Answer ${n}. There is always more to say, in two or three sentences. This is the second.` }]
      const item = { id, object: 'realtime.item', type: 'message', role: isUser ? 'user' : 'assistant', status: 'completed', content }
      for (const type of ['conversation.item.added', 'conversation.item.done']) send({ type, event_id: `event_${type}_${n}`, previous_item_id: previous, item })
      previous = id
      if ((n + 1) % STRETCH > 0) continue
      await until(`item ${n}`, () => page.evaluate(text => document.body.innerText.includes(text), isUser ? `Question ${n}:` : `Answer ${n}.`), 60_000)
      heapsMb.push(await heapMb(page))
    }
    const kbPerItem = (heapsMb.at(-1)! - heapsMb[1]!) * 1000 / (ITEMS - STRETCH)
    const typing = await frameTimes(page, async () => { await page.getByRole('textbox', { name: 'Message' }).pressSequentially('How long may this go on?', { delay: 30 }) })
    const scrolling = await frameTimes(page, async () => {
      await page.mouse.move(600, 300)
      for (let i = 0; i < 20; i++) {
        await page.mouse.wheel(0, i < 10 ? -400 : 400)
        await page.waitForTimeout(30)
      }
    })
    return [
      { what: `long call: memory, ${ITEMS} items`, measured: `${heapsMb.map(mb => mb.toFixed(1)).join(' → ')} MB, ${kbPerItem.toFixed(1)} kB an item`, goal: `flat (≤ ${MAX_KB_PER_ITEM} kB an item kept)`, met: kbPerItem <= MAX_KB_PER_ITEM },
      { what: 'long call: typing', measured: `frames of ${typing.p95.toFixed(0)} ms at p95, ${typing.worst.toFixed(0)} at worst`, goal: 'p95 ≤ 50 ms', met: typing.p95 <= 50 },
      { what: 'long call: scrolling', measured: `frames of ${scrolling.p95.toFixed(0)} ms at p95, ${scrolling.worst.toFixed(0)} at worst`, goal: 'p95 ≤ 50 ms', met: scrolling.p95 <= 50 },
    ]
  } finally {
    await talker.leave()
  }
}

/** After a collection. */
async function heapMb(page: Page): Promise<number> {
  const devtools = await page.context().newCDPSession(page)
  await devtools.send('HeapProfiler.enable')
  await devtools.send('HeapProfiler.collectGarbage')
  const { usedSize } = await devtools.send('Runtime.getHeapUsage')
  await devtools.detach()
  return usedSize / 1e6
}

async function frameTimes(page: Page, work: () => Promise<void>): Promise<{ p95: number, worst: number }> {
  await page.evaluate(() => {
    const times: number[] = []
    let last = performance.now()
    const look = (now: number) => {
      times.push(now - last)
      last = now
      requestAnimationFrame(look)
    }
    requestAnimationFrame(look)
    Object.assign(globalThis, { frameTimes: () => times.splice(0) })
  })
  await work()
  const times = await page.evaluate(() => (globalThis as unknown as { frameTimes(): number[] }).frameTimes())
  const sorted = times.toSorted((a, b) => a - b)
  return { p95: sorted[Math.floor(sorted.length * 0.95)]!, worst: sorted.at(-1)! }
}
