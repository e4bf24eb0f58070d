import { afterEach, expect, it } from 'vitest'
import type { ContractClient } from '../contract/contract-client.ts'
import { startServer, type RunningServer } from '../fakes/running-server.ts'
import type { Conversation } from '../fakes/scripted-conversation.ts'
import { startScriptedUpstream, type ScriptedUpstream } from '../fakes/scripted-upstream.ts'
import { sturdyConversation } from '../fakes/sturdy-conversation.ts'

/** A model that is faster than its voice, forty callers at once, and little money. */

let server: RunningServer
let upstream: ScriptedUpstream
const clients: ContractClient[] = []
afterEach(async () => {
  for (const client of clients.splice(0)) client.close()
  await server.close()
  await upstream.close()
})

/** Ten times real time: a busy machine slows the model down as it slows the server. */
const TICK_MS = 20
const PIECE_MS = 200
const ANSWER_MS = 40_000
/** What a model goes on making until it hears that it is to stop: 400 ms there. */
const LATE_PIECES = 20
/** Of input: long instructions. */
const TEXT_IN = 1700
const PIECE = 'A'.repeat(PIECE_MS * 64)

/** Writes the bill as the provider would: by what it made, whoever heard it. Prices are gpt-realtime-2.1's. */
function fastModel() {
  const bill = { usd: 0, dearestUsd: 0, responses: 0 }
  let ids = 0

  function conversation(send: (event: object) => void, model: string): Conversation {
    const plain = sturdyConversation(send, model)
    let stop: (() => void) | undefined

    function answer(mostTokens: number) {
      const id = `resp_${++ids}`
      const response = { id, object: 'realtime.response', conversation_id: 'conv_1', status: 'in_progress', output: [], usage: null as object | null }
      send({ type: 'response.created', event_id: 'e', response })
      let madeMs = 0
      let latePieces = Infinity
      const timer = setInterval(() => {
        send({ type: 'response.output_audio.delta', event_id: 'a', response_id: id, item_id: 'i', output_index: 0, content_index: 0, delta: PIECE })
        send({ type: 'response.output_audio_transcript.delta', event_id: 't', response_id: id, item_id: 'i', output_index: 0, content_index: 0, delta: 'word ' })
        madeMs += PIECE_MS
        if (--latePieces === 0) done('cancelled')
        else if (madeMs >= ANSWER_MS) done('completed')
        else if (tokens().audio + tokens().text >= mostTokens) done('incomplete')
      }, TICK_MS)
      stop = () => { latePieces = Math.min(latePieces, LATE_PIECES) }

      const tokens = () => ({ audio: Math.round(madeMs / 50), text: Math.round(madeMs / 50 * 0.2) })

      function done(status: string) {
        clearInterval(timer)
        stop = undefined
        const { audio, text } = tokens()
        const usd = TEXT_IN * 4e-6 + audio * 64e-6 + text * 24e-6
        bill.usd += usd
        bill.dearestUsd = Math.max(bill.dearestUsd, usd)
        bill.responses++
        const usage = {
          total_tokens: TEXT_IN + audio + text, input_tokens: TEXT_IN, output_tokens: audio + text,
          input_token_details: { text_tokens: TEXT_IN, audio_tokens: 0, image_tokens: 0, cached_tokens: 0 },
          output_token_details: { text_tokens: text, audio_tokens: audio },
        }
        send({ type: 'response.done', event_id: 'd', response: { ...response, status, usage } })
      }
    }

    return {
      receive(text) {
        const { type, response } = JSON.parse(text) as { type: string, response?: { max_output_tokens?: number } }
        if (type === 'response.create') return stop ? undefined : answer(response?.max_output_tokens ?? Infinity)
        if (type === 'response.cancel') return stop?.()
        plain.receive(text)
      },
      close: () => stop?.(),
    }
  }
  return { bill, conversation }
}

/** The speech of a page or a program is what begins answers: here they are asked for, which comes to the same for the meter. */
async function rush(budgetUsd: number, callers: number) {
  const { bill, conversation } = fastModel()
  upstream = await startScriptedUpstream({ key: 'test-key', conversation })
  server = await startServer({ env: { OPENAI_API_KEY: 'test-key', OPENAI_BASE_URL: upstream.baseUrl, KAIWA_MAX_CALLS_PER_USER: '1000', KAIWA_BUDGET_USD_PER_DAY: String(budgetUsd) } })
  const arrivals = await Promise.allSettled(Array.from({ length: callers }, (_, n) => n % 2 ? server.connectPage() : server.connect()))
  const inside = arrivals.flatMap(arrival => arrival.status === 'fulfilled' ? [arrival.value] : [])
  clients.push(...inside)
  const pester = setInterval(() => { for (const client of inside) client.send({ type: 'response.create' }) }, 100)
  await Promise.all(inside.map(client => client.closed)).finally(() => clearInterval(pester))
  await expect.poll(() => server.instance.calls.settling, { timeout: 5000 }).toBe(0)
  return bill
}

it('forty calls at once against half a dollar cost half a dollar and one response at most; what the server counted is the bill', async () => {
  const bill = await rush(0.5, 40)
  expect(bill.usd).toBeLessThanOrEqual(0.5 + bill.dearestUsd)
  expect(bill.usd).toBeGreaterThan(0.25)
  expect(server.instance.metering.totals().all.usd).toBeCloseTo(bill.usd, 4)
  expect(server.instance.metering.totals().reservedUsd).toBe(0)
})
