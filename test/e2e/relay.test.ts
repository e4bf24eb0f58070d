import { createEngine } from '@kaiwa/engine'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createCountedIds, realClock } from '../fakes/engine-options.ts'
import { createFakeStages } from '../fakes/fake-stages.ts'
import { startKaiwa, type KaiwaServer } from '../fakes/kaiwa-server.ts'
import { startScriptedUpstream, type ScriptedUpstream } from '../fakes/scripted-upstream.ts'
import { agreementDb, alignment, expectedOutput, sentAudio } from './heard-audio.ts'
import { until, untilState, visit, type Talker } from './talker.ts'

const KEY = 'sk-canary-4f1d0c7e93a2'

let upstream: ScriptedUpstream
let server: KaiwaServer
let talker: Talker

beforeAll(async () => {
  const engine = createEngine({ stages: createFakeStages(), clock: realClock, ids: createCountedIds() })
  upstream = await startScriptedUpstream({
    key: KEY,
    conversation: (send, model) => {
      const session = engine.openSession({ send: text => send(JSON.parse(text) as object), close() {} }, { model })
      return { receive: text => session.receive(text), close: () => session.close() }
    },
  })
  server = await startKaiwa({ OPENAI_API_KEY: KEY, OPENAI_BASE_URL: upstream.baseUrl })
})
beforeEach(() => { upstream.connections.length = 0 })
afterEach(async () => { await talker?.leave() })
afterAll(async () => {
  await server?.stop()
  await upstream?.close()
  expect(server.log(), 'the key in the log').not.toContain(KEY)
})

async function type(text: string) {
  await talker.page.getByRole('textbox', { name: 'Message' }).fill(text)
  await talker.button('Send').click()
}

describe('a conversation with a key, through the relay', () => {
  it('is the same conversation, and the key is in no byte that reaches the browser', async () => {
    talker = await visit(server.address, { says: { recording: 'go-forward', afterMs: 1000 } })
    const { page, button, turns, received, played, states } = talker
    expect(await page.locator('[data-brain]').first().getAttribute('data-brain')).toBe('openai')
    await button('Start talking').click()
    await until('the words of the user', async () => /go forward ten meters/.test(await turns('user').first().innerText().catch(() => '')))
    await untilState(talker, ['speaking'])
    await until('all of the answer heard', async () => (await states()).join(' ').endsWith('speaking listening'), 30_000)

    const output = await played()
    const expected = expectedOutput(sentAudio(received, (await turns('assistant').first().getAttribute('data-item-id'))!), output.sampleRate)
    const lag = alignment(output.samples, expected, output.sampleRate)
    expect(agreementDb(output.samples, expected, lag, output.sampleRate), 'dB').toBeGreaterThan(60)

    expect(upstream.connections[0]!.headers.authorization).toBe(`Bearer ${KEY}`)
    expect(upstream.connections[0]!.events[0], 'the server configures before the page speaks').toMatchObject({ type: 'session.update' })
    expect(await talker.everythingReceived()).not.toContain(KEY)
    expect(talker.complaints).toEqual([])
    expect([...talker.requestedHosts]).toEqual([new URL(server.address).host])
  })

  it('says so when the key is refused, and quotes nothing of it', async () => {
    upstream.script({ misfortunes: [{ afterEvents: 0, do: { act: 'close', code: 3000, error: { type: 'invalid_request_error', code: 'invalid_api_key', message: `Incorrect API key provided: ${KEY}.` } } }] })
    talker = await visit(server.address)
    await type('Hello')
    await untilState(talker, ['error'])
    expect(await talker.page.locator('main').innerText()).toMatch(/key/i)
    expect(await talker.everythingReceived()).not.toContain(KEY)
  })

  it('says so when the upstream is gone in mid-answer, keeps what was said, and can be tried again', async () => {
    talker = await visit(server.address)
    upstream.script({ misfortunes: [{ afterEvents: 3, do: { act: 'close', code: 1011, reason: 'server_error.internal' } }] })
    await type('Tell me a story')
    await untilState(talker, ['error'])
    expect(await talker.turns('user').first().innerText()).toContain('Tell me a story')

    await talker.button('Try again').click()
    await untilState(talker, ['listening', 'thinking', 'speaking'])
    await type('Hello again')
    await until('an answer', async () => /Hello again/.test(await talker.turns('assistant').last().innerText().catch(() => '')))
  })

  it('shows an error with words when the upstream refuses the connection, and typing stays possible', async () => {
    upstream.script({ handshake: { do: 'refuse', status: 403, code: 'model_not_found', message: 'no' } })
    talker = await visit(server.address)
    await type('Hello')
    await untilState(talker, ['error'])
    expect((await talker.page.locator('[role=status][data-state=error]').innerText()).length).toBeGreaterThan(0)
    expect(await talker.page.getByRole('textbox', { name: 'Message' }).isEnabled()).toBe(true)
  })

  it('keeps rubbish from the upstream out of the page’s way', async () => {
    upstream.script({ misfortunes: [{ afterEvents: 1, do: { act: 'say', frames: ['{bad', 'null', '[]', '{"type":"future.event","x":{"y":[1]}}', '{"type":"response.output_audio.delta"}'] } }] })
    talker = await visit(server.address)
    await type('Hello there')
    await until('an answer all the same', async () => /Hello there/.test(await talker.turns('assistant').first().innerText().catch(() => '')))
  })
})
