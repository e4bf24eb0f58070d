import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { startKaiwa, type KaiwaServer } from '../fakes/kaiwa-server.ts'
import { agreementDb, alignment, expectedOutput, firstSound, sentAudio } from './heard-audio.ts'
import type { Played } from './output-tap.ts'
import { until, untilState, visit, type Talker, type TalkerOptions } from './talker.ts'

let server: KaiwaServer
let talker: Talker

beforeAll(async () => { server = await startKaiwa() })
afterEach(async () => { await talker?.leave() })
afterAll(async () => {
  expect(await server?.stop(), 'the server ends cleanly').toBe(0)
  expect(server.log()).not.toMatch(/"level":(50|60)/)
})

/** Both ways of a call; the samples of an answer are known only where they come as events. */
const ways = ['websocket', 'webrtc'] as const
const visitor = async (options?: TalkerOptions) => { talker = await visit(server.address, options); return talker }
const itemIdOf = (assistant: Talker, nth = 0) => assistant.turns('assistant').nth(nth).getAttribute('data-item-id')

/** By the call's own clock: the rail tells how long earlier calls lasted. */
const callLasts = (page: Page, time: string) => page.getByRole('timer').filter({ hasText: new RegExp(`^${time}$`) }).waitFor()

/** Nothing in the console, no request to another host. */
function expectQuiet({ complaints, requestedHosts }: Talker) {
  expect(complaints).toEqual([])
  expect([...requestedHosts]).toEqual([new URL(server.address).host])
}

describe.each(ways)('a conversation with the embedded engine, no key, over %s', transport => {
  it('understands a person’s recording, answers aloud with every sample once, and shows both as text', async () => {
    const { page, button, turns, played, received, states } = await visitor({ transport, says: { recording: 'go-forward', afterMs: transport === 'webrtc' ? 2500 : 1000 } })
    expect(await page.locator('[data-brain]').first().getAttribute('data-brain')).toBe('local')

    await button('Start talking').click()
    await until('the words of the user', async () => /go forward/.test(await turns('user').first().innerText().catch(() => '')))
    await untilState(talker, ['speaking'])
    await until('all of the answer heard', async () => (await states()).join(' ').endsWith('speaking listening'), 30_000)

    // PocketSphinx errs in the last words now and then: "ten years", "and mirrors". The answer quotes what was heard.
    expect(await turns('assistant').first().innerText()).toMatch(/go forward/)
    // How long the browser asks and the line takes is not the page's doing.
    const brief = ['permission', 'connecting']
    expect((await states()).filter(state => !brief.includes(state))).toEqual(['idle', 'listening', 'user-speaking', 'thinking', 'speaking', 'listening'])

    expect(await page.locator('[data-brain]').first().getAttribute('data-transport')).toBe(transport)
    const output = await played()
    expectQuiet(talker)
    if (transport === 'webrtc') return expect(soundMs(output), 'ms of answer').toBeGreaterThan(3000)
    const expected = expectedOutput(sentAudio(received, (await itemIdOf(talker))!), output.sampleRate)
    const lag = alignment(output.samples, expected, output.sampleRate)
    expect(expected.length / output.sampleRate, 'seconds of answer').toBeGreaterThan(3)
    // Gaps, doubled, lost or clicking samples would all show here: the whole answer, not a part.
    expect(agreementDb(output.samples, expected, lag, output.sampleRate), 'dB').toBeGreaterThan(60)
    expect(firstSound(output.samples, lag + expected.length + 10), 'silence after the answer').toBe(-1)
  })

  it('falls silent when the user talks over the answer, and shows where it was cut', async () => {
    const { page, button, turns, received, sent, played } = await visitor({ transport, says: { recording: 'cold-hearted', afterMs: 7000 } })
    await button('Start talking').click()
    await untilState(talker, ['listening'])
    await page.getByRole('textbox', { name: 'Message' }).fill('Tell me a story')
    await button('Send').click()
    await untilState(talker, ['speaking'])
    const itemId = (await itemIdOf(talker))!

    await until('speech over the answer', () => received.some(event => event.type === 'input_audio_buffer.speech_started'))
    const cut = await until('the truncation', () => transport === 'webrtc'
      ? received.find(event => event.type === 'conversation.item.truncated')
      : sent.find(event => event.type === 'conversation.item.truncate'))
    expect(cut).toMatchObject({ item_id: itemId, content_index: 0 })
    await until('the mark of the cut', () => turns('assistant').first().getAttribute('data-interrupted').then(mark => mark !== null))
    await until('the server’s word', () => received.some(event => event.type === 'conversation.item.truncated' && event.item_id === itemId))

    const output = await played()
    expectQuiet(talker)
    if (transport === 'webrtc') {
      // Of what the server had sent, the rest was on its way.
      expect(Math.abs(Number(cut.audio_end_ms) - soundMs(output)), 'ms between cut and sound').toBeLessThan(600)
      return expect(sent.some(event => event.type === 'conversation.item.truncate')).toBe(false)
    }
    const expected = expectedOutput(sentAudio(received, itemId), output.sampleRate)
    const lag = alignment(output.samples, expected, output.sampleRate)
    const silentAt = quietFrom(output.samples, lag, output.sampleRate)
    const leftMs = (silentAt - lag) * 1000 / output.sampleRate
    // The tap stands before the device: what it saw last was not heard yet, but less than 150 ms later.
    expect(Number(cut.audio_end_ms)).toBeLessThanOrEqual(leftMs)
    expect(Number(cut.audio_end_ms)).toBeGreaterThan(leftMs - 150)
    expect(Number(cut.audio_end_ms)).toBeGreaterThan(500)
  })

  it.each([
    ['the button', () => talker.button('Interrupt').click()],
    // How the page hears the key is the same over both.
    ...transport === 'websocket' ? [['the Escape key', () => talker.page.keyboard.press('Escape')] as const] : [],
  ] as const)('is interrupted by %s', async (_by, interrupt) => {
    const { page, button, turns, sent, states } = await visitor({ transport, says: { recording: 'go-forward', afterMs: 60_000 } })
    await button('Start talking').click()
    await untilState(talker, ['listening'])
    await page.getByRole('textbox', { name: 'Message' }).fill('Tell me a story')
    await page.keyboard.press('Enter')
    await untilState(talker, ['speaking'])
    await page.locator('body').click({ position: { x: 5, y: 400 } })

    await interrupt()

    await until('the word to the server', () => sent.some(({ type }) => type === (transport === 'webrtc' ? 'output_audio_buffer.clear' : 'conversation.item.truncate')))
    await until('the mark of the cut', () => turns('assistant').first().getAttribute('data-interrupted').then(mark => mark !== null))
    expect(await states()).toContain('interrupted')
    expect(sent.filter(event => event.type === 'response.cancel').length).toBeLessThanOrEqual(1)
    expectQuiet(talker)
  })

  it('answers aloud what is typed, without asking for the microphone', async () => {
    const { page, button, turns, played, sent } = await visitor({ transport })
    await page.getByRole('textbox', { name: 'Message' }).fill('What is twelve times seven?')
    await button('Send').click()
    await until('the sum', async () => /84|eighty-four/.test(await turns('assistant').first().innerText().catch(() => '')))
    await until('its sound', async () => firstSound((await played()).samples) >= 0)
    expect(await turns('user').first().innerText()).toMatch(/What is twelve times seven\?/)
    expect(sent.some(event => event.type === 'input_audio_buffer.append')).toBe(false)
    expectQuiet(talker)
  })

  it('waits while the floor is held with the space bar, and answers when it is given back', async () => {
    const { page, button, turns, sent } = await visitor({ transport, says: { recording: 'go-forward', afterMs: 2500 } })
    await button('Start talking').click()
    await untilState(talker, ['listening'])
    await page.locator('body').click({ position: { x: 5, y: 400 } })
    await page.keyboard.down('Space')
    await untilState(talker, ['held'])
    // Well past the recording's end (5.3 s) and the silence that would have ended the turn.
    if (transport === 'webrtc') await callLasts(page, '0:08')
    else await until('7 s of the microphone sent', () => sentMs(talker) > 7000)
    expect(await turns('assistant').count()).toBe(0)
    await page.keyboard.up('Space')
    await until('an answer', async () => /go forward/.test(await turns('assistant').first().innerText().catch(() => '')))
    expect(sent.filter(event => event.type === 'input_audio_buffer.commit')).toHaveLength(1)
    expectQuiet(talker)
  })

  it('sends nothing while muted', async () => {
    const { page, button, turns, sent, received } = await visitor({ transport, says: { recording: 'go-forward', afterMs: 2500 } })
    await button('Start talking').click()
    await untilState(talker, ['listening'])
    await button('Mute').click()
    await button('Unmute').waitFor()
    const before = sent.length
    await callLasts(page, '0:06')
    expect(sent.slice(before).filter(event => event.type === 'input_audio_buffer.append').length).toBeLessThanOrEqual(1)
    // The server listens all the time: it heard nothing.
    expect(received.filter(event => event.type === 'input_audio_buffer.speech_started')).toEqual([])
    expect(await turns('user').count()).toBe(0)
    expectQuiet(talker)
  })

  it('stops the microphone when the call ends, and can be started again', async () => {
    const { page, button, states } = await visitor({ transport, says: { recording: 'go-forward', afterMs: 60_000 } })
    await page.evaluate(() => {
      const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices)
      const tracks: MediaStreamTrack[] = []
      Object.assign(globalThis, { liveTracks: () => tracks.filter(track => track.readyState === 'live').length })
      navigator.mediaDevices.getUserMedia = async constraints => {
        const stream = await ask(constraints)
        tracks.push(...stream.getTracks())
        return stream
      }
    })
    const liveTracks = () => page.evaluate(() => (globalThis as unknown as { liveTracks(): number }).liveTracks())
    for (const _call of ['first', 'second']) {
      await button('Start talking').click()
      await untilState(talker, ['listening'])
      expect(await liveTracks()).toBe(1)
      await button('End call').click()
      await untilState(talker, ['ended'])
      expect(await liveTracks()).toBe(0)
    }
    expect((await states()).filter(state => state === 'ended')).toHaveLength(2)
    expectQuiet(talker)
  })
})

describe('the details of a conversation', () => {
  it('show the events of both directions, with payload', async () => {
    const { page, button, turns } = await visitor()
    await page.getByRole('textbox', { name: 'Message' }).fill('Hello')
    await button('Send').click()
    await until('an answer', async () => await turns('assistant').count() > 0)
    await page.keyboard.press('Tab')
    await page.locator('body').click({ position: { x: 5, y: 400 } })
    await page.keyboard.press('`')
    for (const name of ['Events', 'Latency', 'Usage', 'Session']) expect(await page.getByRole('tab', { name }).count()).toBe(1)
    await page.locator('[data-event-type="response.create"][data-direction="out"]').first().waitFor()
    await page.locator('[data-event-type="session.created"][data-direction="in"]').first().click()
    await until('the payload', async () => /"turn_detection"/.test(await page.locator('body').innerText()))
    expectQuiet(talker)
  })
})

/** How much of the microphone went over the wire: base64 of 48 bytes a millisecond. */
const sentMs = ({ sent }: Talker) => sent.reduce((sum, event) => sum + (event.type === 'input_audio_buffer.append' ? String(event.audio).length * 3 / 4 / 48 : 0), 0)

/** How much of what was played was sound and the pauses within it, ms. */
function soundMs({ samples, sampleRate }: Played): number {
  const loud = (sample: number) => Math.abs(sample) > 0.005
  return (samples.findLastIndex(loud) - samples.findIndex(loud)) * 1000 / sampleRate
}

/** From where on nothing sounds any more, searched from `from`: the first 100 ms of silence. */
function quietFrom(samples: Float32Array, from: number, sampleRate: number): number {
  let quiet = 0
  for (let i = Math.max(0, from); i < samples.length; i++) {
    quiet = Math.abs(samples[i]!) > 1e-4 ? 0 : quiet + 1
    // A pause between sentences is shorter than what follows a cut.
    if (quiet > sampleRate * 0.9) return i - quiet
  }
  return samples.length - quiet
}
