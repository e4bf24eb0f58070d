import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { breakerPolicy } from '../../server/relay/circuit-breaker.ts'
import { startServer, type RunningServer } from '../fakes/running-server.ts'
import { startScriptedUpstream, type Script, type ScriptedUpstream } from '../fakes/scripted-upstream.ts'

const MODEL = 'gpt-realtime-2.1'
let upstream: ScriptedUpstream
let server: RunningServer
let personas: string

beforeEach(async () => {
  personas = mkdtempSync(join(tmpdir(), 'kaiwa-personas-'))
  writeFileSync(join(personas, 'poor.yaml'), 'name: Poor\ninstructions: Be brief.\nlimits: { budget_usd: 0.0001 }\n')
  upstream = await startScriptedUpstream({ key: 'test-key' })
  server = await startServer({
    env: { OPENAI_API_KEY: 'test-key', OPENAI_BASE_URL: upstream.baseUrl, KAIWA_PERSONAS_DIR: personas },
    dialing: { policy: { delaysMs: [0, 5, 5, 5], handshakeMs: 300, totalMs: 1000 } },
  })
})
afterEach(async () => {
  await server.close()
  await upstream.close()
  rmSync(personas, { recursive: true })
})

const refusing = (status: number): Script => ({ handshake: { do: 'refuse', status } })
const program = () => server.connect({ query: `?model=${MODEL}` })
const idle = () => expect.poll(() => server.instance.calls.live + server.instance.calls.settling, { timeout: 6000 }).toBe(0)

/** Samples of a Prometheus text, `name{labels}` → value, of our own metrics. */
async function samples(): Promise<Map<string, number>> {
  const lines = (await server.instance.numbers.text()).split('\n').filter(line => line.startsWith('kaiwa_'))
  return new Map(lines.map(line => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]))
}

/** A question, aloud, and its answer. */
async function aTurn() {
  const client = await program()
  await client.next('session.created')
  client.send({ type: 'input_audio_buffer.append', audio: 'A'.repeat(12_800) })
  client.send({ type: 'input_audio_buffer.commit' })
  await client.next('input_audio_buffer.committed')
  client.send({ type: 'response.create' })
  await client.next('response.done')
  client.send({ type: 'no.such.event' })
  await client.next('error')
  client.close()
}

/** What a page may not say; rubbish from the model; a transcription that is billed by time. */
async function aPage() {
  const page = await server.connectPage()
  await page.next('session.updated')
  page.send({ type: 'session.update', session: { type: 'realtime', instructions: 'Obey.' } })
  await page.next('error')
  const model = upstream.connections.at(-1)!
  model.send('{rubbish')
  model.send({ type: 'conversation.item.input_audio_transcription.completed', event_id: 'e', item_id: 'i', transcript: '', usage: { type: 'duration', seconds: 60 } })
  await page.next('kaiwa.usage')
  page.close()
}

/** The model never says what the answer cost. */
async function anUnreportedAnswer() {
  upstream.script({ conversation: send => {
    send({ type: 'session.created', event_id: 'event_s', session: {} })
    return {
      receive(text) {
        if (!text.includes('response.create')) return
        send({ type: 'response.created', event_id: 'event_c', response: { id: 'resp_open' } })
        // A second of voice: 20 tokens.
        send({ type: 'response.output_audio.delta', event_id: 'event_d', response_id: 'resp_open', delta: 'A'.repeat(64_000) })
      },
      close() {},
    }
  } })
  const client = await program()
  client.send({ type: 'response.create' })
  await client.next('response.output_audio.delta')
  client.close()
}

it('tell the life of a server: calls, turns, refusals, retries, faults, money', async () => {
  await aTurn()
  upstream.script(refusing(503))
  const retried = await program()
  await retried.next('session.created')
  retried.close()
  upstream.script(refusing(401))
  await (await program()).closed
  await aPage()
  const poor = await server.connectPage('poor')
  await poor.next('session.updated')
  poor.send({ type: 'response.create' })
  await poor.closed
  upstream.script({ misfortunes: [{ afterEvents: 0, do: { act: 'close', code: 1011 } }] })
  await (await program()).closed
  upstream.script({ handshake: { do: 'stall' } })
  await (await program()).closed
  upstream.script({ handshake: { do: 'stall' } })
  const leaving = await program()
  leaving.close()
  await anUnreportedAnswer()
  await idle()
  upstream.script(...Array.from({ length: breakerPolicy.failuresToOpen * 4 }, () => refusing(503)))
  for (let n = 0; n < breakerPolicy.failuresToOpen; n++) await (await program()).closed
  await expect(program()).rejects.toThrow('503')
  await idle()

  const seen = await samples()
  const told = (name: string) => Object.fromEntries([...seen].filter(([key]) => key === name || key.startsWith(`${name}{`)).map(([key, value]) => [key.slice(name.length), value]))
  expect(told('kaiwa_calls_started_total')).toEqual({ '{brain="openai",from="client"}': 10, '{brain="openai",from="page"}': 2 })
  expect(told('kaiwa_calls_live')).toEqual({ '{brain="openai",from="client"}': 0, '{brain="openai",from="page"}': 0 })
  expect(told('kaiwa_calls_ended_total')).toEqual({
    '{by="client",fault="none"}': 5, '{by="fault",fault="upstream_refused"}': 4, '{by="fault",fault="budget_spent"}': 1, '{by="upstream",fault="upstream_lost"}': 1, '{by="fault",fault="upstream_unreachable"}': 1,
  })
  expect(told('kaiwa_refusals_total')).toEqual({ '{code="upstream_unavailable"}': 1 })
  expect(told('kaiwa_events_refused_total')).toEqual({ '{code="event_not_allowed"}': 1 })
  expect(told('kaiwa_errors_total')).toEqual({ '{code="invalid_value"}': 1 })
  expect(told('kaiwa_upstream_babble_total')).toEqual({ '': 1 })
  expect(told('kaiwa_upstream_dial_seconds_count')).toEqual({ '{result="opened"}': 6, '{result="refused"}': 4, '{result="unreachable"}': 1, '{result="abandoned"}': 1 })
  expect(told('kaiwa_upstream_dial_seconds_sum')['{result="unreachable"}']).toBeGreaterThan(0.25)
  // One before it was let in, and three for each of those who opened the breaker.
  expect(told('kaiwa_upstream_redials_total')).toEqual({ '': 1 + 3 * breakerPolicy.failuresToOpen })
  const at = `upstream="127.0.0.1:${upstream.port}"`
  expect(told('kaiwa_upstream_breaker')).toEqual({ [`{${at},state="closed"}`]: 0, [`{${at},state="half_open"}`]: 0, [`{${at},state="open"}`]: 1 })
  expect(told('kaiwa_responses_unreported_total')).toEqual({ '': 1 })
  expect(told('kaiwa_first_audio_seconds_count')).toEqual({ '': 1 })
  expect(told('kaiwa_connections')).toEqual({ '': 0 })
  expect(told('kaiwa_trapped_errors_total')).toEqual({ '': 0 })
  expect(told('kaiwa_transcription_seconds_total')).toEqual({ '{model="gpt-transcribe"}': 60 })
  expect(told('kaiwa_tokens_total')['{model="gpt-realtime-2.1",direction="output",modality="audio",cached="false"}'], 'two that were reported, one by estimate').toBe(3 * 20)
  expect(told('kaiwa_money_usd_total')['{model="gpt-transcribe",kind="transcription"}']).toBeCloseTo(0.0045, 6)
  expect(told('kaiwa_money_usd_total')['{model="gpt-realtime-2.1",kind="response"}']).toBeCloseTo(2 * 0.00184 + 0.00128, 6)
  for (const name of ['kaiwa_events_total', 'kaiwa_bytes_total']) {
    expect(told(name)['{from="client"}']).toBeGreaterThan(0)
    expect(told(name)['{from="model"}']).toBeGreaterThan(told(name)['{from="client"}']! / 10)
  }
  expect(told('kaiwa_events_total')['{from="client"}']).toBe(4 + 1 + 1)
  expect(told('kaiwa_relay_added_seconds_count')['{from="client"}']).toBeGreaterThan(0)
})
