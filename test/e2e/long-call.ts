import type { CDPSession, Page } from 'playwright-core'
import { launchChromium } from '../fakes/chromium.ts'
import type { Stage } from './marked-runs.ts'
import { until } from './talker.ts'

/** An hour's conversation in half a minute: its turns come over the line as fast as the page takes them. Tests judge it, the bench prints it. */

export interface Motion {
  /** Between two frames, ms. */
  p95Ms: number
  worstMs: number
  /** Tasks of more than 50 ms meanwhile. */
  longTasks: number
}

export interface LongCall {
  /** After each quarter of the turns, after a collection. */
  heapsMb: number[]
  /** Over the last three quarters. */
  kbPerTurn: number
  /** As the thread shows a long call, and with every turn unfolded. */
  nodes: { folded: number, unfolded: number }
  /** Words come in, a few a frame. */
  streaming: Motion
  scrolling: Motion
  /** Through all the turns. */
  scrollingUnfolded: Motion
  /** From the key to the frame that shows it. */
  typingP95Ms: number
}

/** Turns sent before it is waited for that the page shows them. */
const BATCH = 100
/** No need to look a second time. */
const SMOOTH_MS = 50
/** What the inspector keeps; full from the start, it doesn't grow with the turns. */
const RECORDS = 5000

/** Plays a call of so many turns and measures the page at its end. */
export async function runLongCall({ server, upstream, answer }: Stage, turns: number): Promise<LongCall> {
  upstream.connections.length = 0
  answer([[[{ atMs: 0, from: 0, count: 5 }]]])
  const browser = await launchChromium()
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } })
    await page.addInitScript(watchMotion)
    // Its turns come as a socket brings them.
    await page.addInitScript(() => { localStorage.setItem('kaiwa-voice', JSON.stringify({ transport: 'websocket' })) })
    await page.goto(server.address)
    await page.waitForFunction(() => (document.querySelector('#__nuxt') as { __vue_app__?: unknown } | null)?.__vue_app__)
    await page.getByRole('textbox', { name: 'Message' }).fill('Go on')
    await page.getByRole('button', { name: 'Send', exact: true }).click()
    await until('the first answer', () => page.locator('article[data-role=assistant]').count())
    const { send } = upstream.connections[0]!
    const devtools = await page.context().newCDPSession(page)
    for (let n = 0; n < RECORDS; n++) send({ type: 'rate_limits.updated', event_id: `event_limits${n}`, rate_limits: [] })
    const heapsMb: number[] = []
    for (let n = 0; n < turns; n += BATCH) {
      for (let i = n; i < n + BATCH; i++) sendTurn(send, i)
      await shown(page, idOf(n + BATCH - 1))
      if ((n + BATCH) % (turns / 4) === 0) heapsMb.push(await heapMb(devtools))
    }
    const nodes = () => page.evaluate(() => document.querySelectorAll('*').length)
    const folded = await nodes()
    let streams = 0
    const streaming = await calmest(page, () => stream(page, send, { after: idOf(turns - 1), as: `item_streamed${streams++}` }))
    const scrolling = await calmest(page, () => scroll(page, 20))
    const typingP95Ms = Math.min(await typing(page), await typing(page))
    await unfold(page, idOf(0))
    const scrollingUnfolded = await calmest(page, () => scroll(page, 40))
    const kbPerTurn = (heapsMb.at(-1)! - heapsMb[0]!) * 1000 / (turns * 3 / 4)
    return { heapsMb, kbPerTurn, nodes: { folded, unfolded: await nodes() }, streaming, scrolling, scrollingUnfolded, typingP95Ms }
  } finally {
    await browser.close()
  }
}

const idOf = (n: number) => `item_long${n}`
const shown = (page: Page, itemId: string) => page.locator(`[data-item-id="${itemId}"]`).waitFor({ state: 'attached', timeout: 60_000 })

type Send = (event: object) => void

/** Typed and spoken turns of both, as they are after an hour. */
function sendTurn(send: Send, n: number): void {
  const text = n % 2 === 0 ? `Question ${n}: what else is there to say about it?` : `Answer ${n}. There is always more to say, in two or three sentences. This is the second, and it ends here.`
  const content = n % 2 === 0 ? { type: 'input_audio', transcript: text } : { type: 'output_audio', transcript: text }
  const item = { id: idOf(n), object: 'realtime.item', type: 'message', role: n % 2 === 0 ? 'user' : 'assistant', status: 'completed', content: [content] }
  const previous_item_id = n === 0 ? null : idOf(n - 1)
  for (const type of ['conversation.item.added', 'conversation.item.done']) send({ type, event_id: `event_${type}_${n}`, previous_item_id, item })
}

/** Somebody's words, as a recogniser finds them. */
async function stream(page: Page, send: Send, { after, as: item_id }: { after: string, as: string }): Promise<void> {
  const item = { id: item_id, object: 'realtime.item', type: 'message', role: 'user', status: 'completed', content: [{ type: 'input_audio', transcript: null }] }
  for (const type of ['conversation.item.added', 'conversation.item.done']) send({ type, event_id: `event_${type}_${item_id}`, previous_item_id: after, item })
  for (let n = 0; n < 60; n++) {
    send({ type: 'conversation.item.input_audio_transcription.delta', event_id: `event_${item_id}_${n}`, item_id, content_index: 0, delta: `word ${n} ` })
    await page.waitForTimeout(30)
  }
}

async function scroll(page: Page, times: number): Promise<void> {
  await page.mouse.move(600, 300)
  for (let i = 0; i < times; i++) {
    await page.mouse.wheel(0, i < times / 2 ? -600 : 600)
    await page.waitForTimeout(30)
  }
}

/** The thread shows the newest turns; every wish for earlier ones shows more. */
async function unfold(page: Page, firstId: string): Promise<void> {
  const first = page.locator(`[data-item-id="${firstId}"]`)
  await until('every turn', async () => {
    if (await first.count() > 0) return true
    await page.evaluate(() => { document.querySelector<HTMLButtonElement>('button.earlier')?.click() })
    return false
  }, 60_000)
}

async function typing(page: Page): Promise<number> {
  const field = page.getByRole('textbox', { name: 'Message' })
  await field.focus()
  await page.evaluate(() => { (globalThis as unknown as Watched).motion.keys.length = 0 })
  for (const key of 'How long may this go on?') {
    await page.keyboard.type(key)
    await page.waitForTimeout(30)
  }
  const waits = await until('the frames of the keys', () => page.evaluate(() => {
    const { keys } = (globalThis as unknown as Watched).motion
    return keys.length >= 20 ? keys : undefined
  }))
  await field.fill('')
  return quantile(waits, 0.95)
}

interface Watched { motion: { frames: number[], longTasks: number, keys: number[] } }

/** Runs in the page before its own scripts. */
function watchMotion() {
  const motion = { frames: [] as number[], longTasks: 0, keys: [] as number[] }
  let last = performance.now()
  const look = (now: number) => {
    motion.frames.push(now - last)
    last = now
    requestAnimationFrame(look)
  }
  requestAnimationFrame(look)
  new PerformanceObserver(list => { motion.longTasks += list.getEntries().length }).observe({ type: 'longtask' })
  // A task after the frame in which the letter stands there.
  addEventListener('input', ({ timeStamp }) => requestAnimationFrame(() => setTimeout(() => motion.keys.push(performance.now() - timeStamp))), true)
  Object.assign(globalThis, { motion })
}

/** The best of three: a machine that others keep busy drops frames of its own. */
async function calmest(page: Page, work: () => Promise<void>): Promise<Motion> {
  const rounds: Motion[] = []
  while (rounds.length < 3 && !rounds.some(({ p95Ms }) => p95Ms <= SMOOTH_MS)) rounds.push(await motion(page, work))
  return rounds.reduce((best, next) => next.p95Ms < best.p95Ms ? next : best)
}

async function motion(page: Page, work: () => Promise<void>): Promise<Motion> {
  await page.evaluate(() => {
    const { motion } = globalThis as unknown as Watched
    motion.frames.length = 0
    motion.longTasks = 0
  })
  await work()
  const { frames, longTasks } = await page.evaluate(() => (globalThis as unknown as Watched).motion)
  return { p95Ms: quantile(frames, 0.95), worstMs: Math.max(...frames), longTasks }
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!
}

async function heapMb(devtools: CDPSession): Promise<number> {
  await devtools.send('HeapProfiler.enable')
  await devtools.send('HeapProfiler.collectGarbage')
  return (await devtools.send('Runtime.getHeapUsage')).usedSize / 1e6
}
