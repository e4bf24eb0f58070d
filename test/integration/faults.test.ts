import { afterEach, describe, expect, it } from 'vitest'
import type { ContractClient } from '../contract/contract-client.ts'
import { besiege, type BesiegedKaiwa } from '../fakes/besieged-kaiwa.ts'
import type { RawLine } from '../fakes/raw-line.ts'
import { sturdyConversation } from '../fakes/sturdy-conversation.ts'

/** Faults of the machine, from outside the process of the built server: what no test of its parts can do to it. */

let siege: BesiegedKaiwa
const clients: ContractClient[] = []
const lines: RawLine[] = []
afterEach(() => {
  for (const client of clients.splice(0)) client.close()
  for (const { socket } of lines.splice(0)) socket.destroy()
})

const MB = 1024 * 1024
const pause = (ms: number) => new Promise(resolve => setTimeout(resolve, ms))

async function crowd(pages: number, programs: number): Promise<ContractClient[]> {
  for (let n = 0; n < pages; n++) clients.push(await siege.pageClient())
  for (let n = 0; n < programs; n++) clients.push(await siege.client())
  await Promise.all(clients.map(client => client.next('session.created')))
  return clients
}

async function answered(client: ContractClient) {
  client.send({ type: 'response.create' })
  expect((await client.next('response.done')).response.status).toBe('completed')
}

async function converse(client: ContractClient, turns: number) {
  for (let turn = 0; turn < turns; turn++) {
    await answered(client)
    await pause(300)
  }
}

describe('R4: event loop blocked', () => {
  it.each([2, 5])('%i s: calls survive, and nothing is lost', async seconds => {
    siege = await besiege({ conversation: sturdyConversation })
    const callers = await crowd(3, 3)
    process.kill(siege.kaiwa.pid, 'SIGSTOP')
    for (const client of callers) for (let n = 0; n < 5; n++) client.send({ type: 'input_audio_buffer.clear' })
    await pause(seconds * 1000)
    process.kill(siege.kaiwa.pid, 'SIGCONT')
    for (const client of callers) for (let n = 0; n < 5; n++) await client.next('input_audio_buffer.cleared')
    await Promise.all(callers.map(answered))
    await siege.expectUnharmed()
    // The watchdog's: it looks once a second.
    const stalledSeconds = () => siege.metric('kaiwa_event_loop_stalled_seconds_total')
    await expect.poll(stalledSeconds, { timeout: 3000 }).toBeGreaterThan(seconds * 0.9)
    expect(await stalledSeconds()).toBeLessThan(seconds + 2)
    expect(siege.kaiwa.log()).toMatch(/"level":40,.*"forMs":\d+,"msg":"the event loop stood still"/)
    await siege.close()
  })
})

it('R6: descriptors run out → new callers are refused (503) or wait, live calls go on, and there is room again afterwards', async () => {
  siege = await besiege({ conversation: sturdyConversation, maxDescriptors: 200 })
  const callers = await crowd(2, 2)
  const statuses = new Set<number>()
  // Slowly enough for the measurement of each second to see it come.
  for (let n = 0; n < 150; n++) {
    const knocked = await siege.knock(siege.asRaider)
    statuses.add(knocked.status)
    lines.push(knocked.line)
    if (knocked.status === 503) {
      expect(knocked.head).toMatch(/retry-after/i)
      break
    }
    await pause(30)
  }
  expect([...statuses]).toEqual([101, 503])
  await Promise.all(callers.map(answered))
  for (const { socket } of lines.splice(0)) socket.destroy()
  await expect.poll(async () => {
    const { status, line } = await siege.knock(siege.asRaider)
    line.socket.destroy()
    return status
  }, { timeout: 10_000 }).toBe(101)
  await siege.expectUnharmed()
  await siege.close()
})

it('R6: taken by storm before anything was measured: live calls go on, and the process with them', async () => {
  siege = await besiege({ conversation: sturdyConversation, maxDescriptors: 200 })
  const callers = await crowd(2, 2)
  const storm = await Promise.all(Array.from({ length: 400 }, () => siege.knock(siege.asRaider).catch(() => undefined)))
  lines.push(...storm.flatMap(knocked => knocked ? [knocked.line] : []))
  await Promise.all(callers.map(answered))
  for (const { socket } of lines.splice(0)) socket.destroy()
  await expect.poll(() => siege.descriptors(), { timeout: 15_000 }).toBeLessThan(100)
  await siege.expectUnharmed()
  await siege.close()
})

it('R1: SIGTERM with 50 live calls → not ready at once, each told and closed 1001 after its turn, exit 0 within KAIWA_DRAIN_SECONDS', async () => {
  siege = await besiege({ conversation: sturdyConversation, settings: { KAIWA_DRAIN_SECONDS: '10' } })
  const callers = await crowd(25, 25)
  // Somebody is in the middle of a conversation: turn follows turn.
  const startedAt = performance.now()
  const talking = converse(callers[0]!, 6)
  process.kill(siege.kaiwa.pid, 'SIGTERM')
  await expect.poll(async () => (await fetch(`${siege.kaiwa.address}/readyz`)).status, { timeout: 1000, interval: 10 }).toBe(503)
  expect((await fetch(`${siege.kaiwa.address}/healthz`)).status).toBe(200)
  expect(await siege.knock(siege.asRaider)).toMatchObject({ status: 503, code: 'server_draining' })
  for (const client of callers.slice(0, 25)) await expect.poll(() => client.events.some(({ type }) => type === 'kaiwa.draining')).toBe(true)
  await talking
  const closes = await Promise.all(callers.map(client => client.closed))
  for (const close of closes) expect(close).toEqual({ code: 1001, reason: 'server_error.server_draining' })
  for (const client of callers.slice(25)) expect(client.events.some(({ type }) => type.startsWith('kaiwa.'))).toBe(false)
  await expect.poll(() => siege.kaiwa.log().includes('"trapped":0,"msg":"stopped"'), { timeout: 10_000 }).toBe(true)
  expect(performance.now() - startedAt).toBeLessThan(10_000)
  expect(await siege.kaiwa.exited).toBe(0)
  await siege.upstream.close()
})

it('B3: pages that read nothing → the process keeps less than 1 MB for each and little garbage, then 4008; the others hear everything', async () => {
  const pages = 20
  siege = await besiege({ conversation: sturdyConversation, inspected: true })
  for (let n = 0; n < pages; n++) lines.push(await siege.page())
  await siege.expectUnharmed()
  const models = siege.upstream.connections.slice(-pages)
  const piece = JSON.stringify({ type: 'response.output_audio.delta', event_id: 'e', response_id: 'r', item_id: 'i', output_index: 0, content_index: 0, delta: 'A'.repeat(12_800) })
  const pour = setInterval(() => {
    for (const { socket } of models) {
      for (let n = 0; n < 10 && socket?.readyState === socket?.OPEN && socket!.bufferedAmount < 256 * 1024; n++) socket!.send(piece)
    }
  }, 20)
  // First they do read: what merely passes has its garbage, too.
  await pause(2000)
  const before = await siege.keptMemory()
  let mostBytes = 0
  const look = setInterval(() => { mostBytes = Math.max(mostBytes, siege.residentBytes()) }, 50)
  for (const { socket } of lines) socket.pause()
  const tooSlow = () => siege.kaiwa.log().split('call ended: client_too_slow').length - 1
  const kept: { objects: number, resident: number }[] = []
  while (tooSlow() === 0) {
    const { heapUsed, external, rss } = await siege.keptMemory()
    kept.push({ objects: (heapUsed + external - before.heapUsed - before.external) / pages / MB, resident: (rss - before.rss) / pages / MB })
    await pause(500)
  }
  await siege.expectUnharmed()
  await expect.poll(tooSlow, { timeout: 30_000 }).toBe(pages)
  clearInterval(pour)
  clearInterval(look)
  // Each stood at its mark: the model was paused for it.
  expect(siege.kaiwa.log().match(/"client_too_slow","unreadBytes":[23]\d{5}\}/g)).toHaveLength(pages)
  expect(Math.max(...kept.map(({ objects }) => objects)), 'a page\'s objects').toBeLessThan(1)
  expect(Math.max(...kept.map(({ resident }) => resident)), 'a page\'s memory').toBeLessThan(1.5)
  // Their ends included: nobody reads what a model still has to say to somebody who is gone.
  expect((mostBytes - before.rss) / pages / MB, 'a page\'s memory, garbage and all').toBeLessThan(2.5)
  await siege.expectUnharmed()
  await siege.close()
})
