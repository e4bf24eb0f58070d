import { readFileSync } from 'node:fs'
import type { Server } from 'node:http'
import { fileURLToPath } from 'node:url'
import { createResampler, floatToPcm16, pcm16ToBytes, pcm16ToFloat } from '@kaiwa/audio'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { parseVoiceSettings, voiceSettingsDefaults, type VoiceSettings } from '../../app/voice/voice-settings.ts'
import { launchChromium } from '../fakes/chromium.ts'
import { startKaiwa, type KaiwaServer } from '../fakes/kaiwa-server.ts'
import { readWav } from '../fakes/wav.ts'
import { placeInRoom } from './echo-room.ts'
import { firstSound } from './heard-audio.ts'
import type { EchoPage } from './harness/echo-page.ts'
import { servePage } from './harness/serve-page.ts'
import { loopLags } from './loop-lags.ts'
import { startTalking, until, untilState, visit, type Talker } from './talker.ts'

const speech = (name: string) => readWav(readFileSync(new URL(`../fixtures/speech/${name}.wav`, import.meta.url)))
const base64Of = (samples: Int16Array) => Buffer.from(pcm16ToBytes(samples)).toString('base64')
const floats = (base64: string) => new Float32Array(Uint8Array.from(Buffer.from(base64, 'base64')).buffer)

/** Index of the first sample that anybody would hear. */
const firstLoud = (samples: Float32Array, from: number) => samples.findIndex((sample, i) => i >= from && Math.abs(sample) > 0.01)

const silenceFrom = (samples: Float32Array, from: number, length: number) => {
  let quiet = 0
  for (let i = Math.max(0, from); i < samples.length; i++) {
    quiet = Math.abs(samples[i]!) > 1e-6 ? 0 : quiet + 1
    if (quiet >= length) return i - quiet + 1
  }
  return samples.length
}

describe('loudspeaker mode', () => {
  let browser: Browser
  let server: Server
  let page: Page
  const recording = speech('cold-hearted')
  const voice = floatToPcm16(createResampler({ inputRate: recording.sampleRate, outputRate: 24_000 }).process(pcm16ToFloat(recording.samples)))
  const loop = (lengthMs: number, interruptAtMs?: number) => page.evaluate(
    ([samples, length, interruptAt]) => (globalThis as unknown as { echoPage: EchoPage }).echoPage.loop(samples, length, interruptAt),
    [base64Of(voice), lengthMs, interruptAtMs] as const)

  beforeAll(async () => {
    const served = await servePage(fileURLToPath(new URL('./harness/echo-page.ts', import.meta.url)))
    server = served.server
    browser = await launchChromium()
    page = await browser.newPage()
    await page.goto(served.url)
    await page.click('button')
  })
  afterAll(async () => {
    await browser?.close()
    server?.close()
  })

  it('plays the whole answer, its first syllable and all, and says no less delay than there is', async () => {
    let worst = 0
    // A loaded machine makes the browser stretch what comes late: then it is played again.
    for (let attempt = 0; attempt < 3 && worst < 0.9; attempt++) {
      const result = await loop(5500)
      expect(result).toMatchObject({ path: 'loopback', reason: undefined })
      const [played, heard] = [floats(result.played), floats(result.heard)]
      const windows = loopLags(played, heard, result.contextRate)
      worst = Math.min(...windows.map(({ correlation }) => correlation))
      const longestMs = Math.max(...windows.map(({ lagMs }) => lagMs))
      console.info(`loop: ${windows.map(({ lagMs, correlation }) => `${lagMs.toFixed(0)} ms ${correlation.toFixed(3)}`).join(' · ')}; it says ${result.latenciesMs.map(ms => (ms - result.deviceMs).toFixed(0)).join(' → ')} ms, opened in ${result.openingMs.toFixed(0)} ms`)
      expect(windows.length).toBeGreaterThan(6)
      for (const latencyMs of result.latenciesMs) expect(latencyMs - result.deviceMs).toBeGreaterThan(longestMs - 10)
    }
    expect(worst).toBeGreaterThan(0.9)
  })

  it('falls silent at once after an interruption, however long the way is, never tells too much, and what comes next is heard from its start', async () => {
    const result = await loop(5500, 1800)
    const [played, heard] = [floats(result.played), floats(result.heard)]
    const inMs = (samples: number) => samples * 1000 / result.contextRate
    // By the recording itself: the player's silence, which the page's clock knows to a tenth of a second only.
    const cutAt = silenceFrom(played, Math.round(result.interruption!.atFrame - 0.2 * result.contextRate), 0.03 * result.contextRate)
    const nextAt = firstSound(played, cutAt)
    const lastLoud = heard.subarray(0, nextAt).findLastIndex(sample => Math.abs(sample) > 0.003)
    const [{ lagMs } = { lagMs: NaN }] = loopLags(played.subarray(0, cutAt), heard, result.contextRate)
    const silentMs = inMs(lastLoud - cutAt)
    const next = loopLags(played.subarray(nextAt), heard.subarray(nextAt), result.contextRate)
    const onsetMs = inMs(firstLoud(heard, nextAt) - firstLoud(played, nextAt))
    console.info(`loop interrupted: silent after ${silentMs.toFixed(0)} ms, the way takes ${lagMs.toFixed(0)}; the next answer after ${inMs(nextAt - cutAt).toFixed(0)} ms, heard ${onsetMs.toFixed(0)} ms later: ${next.map(({ correlation }) => correlation.toFixed(3)).join(' · ')}`)
    expect(silentMs).toBeLessThan(50)
    expect(result.interruption!.heardMs).toBeLessThanOrEqual(inMs(lastLoud - firstSound(heard)))
    expect(result.interruption!.heardMs).toBeGreaterThan(500)
    expect(next[0]!.correlation, 'the next answer’s first half second').toBeGreaterThan(0.8)
    expect(Math.abs(onsetMs - next[0]!.lagMs), 'its first sound is there').toBeLessThan(40)
  })
})

describe('the way through an element, as on an iPhone', () => {
  it('plays the whole answer as it is, first sound and all, and is no later than it says', async () => {
    const recording = speech('cold-hearted')
    const voice = floatToPcm16(createResampler({ inputRate: recording.sampleRate, outputRate: 24_000 }).process(pcm16ToFloat(recording.samples)))
    const { url, server } = await servePage(fileURLToPath(new URL('./harness/echo-page.ts', import.meta.url)))
    const browser = await launchChromium()
    try {
      const page = await browser.newPage()
      await page.goto(url)
      await page.click('button')
      const result = await page.evaluate(samples => (globalThis as unknown as { echoPage: EchoPage }).echoPage.loop(samples, 4500, undefined, 'element'), base64Of(voice))
      const windows = loopLags(floats(result.played), floats(result.heard), result.contextRate)
      console.info(`element: ${windows.map(({ lagMs, correlation }) => `${lagMs.toFixed(0)} ms ${correlation.toFixed(3)}`).join(' · ')}; it says ${result.latenciesMs.map(ms => (ms - result.deviceMs).toFixed(0)).join(' → ')} ms`)
      expect(windows.length).toBeGreaterThan(5)
      for (const { lagMs, correlation } of windows) {
        expect(correlation).toBeGreaterThan(0.99)
        expect(lagMs).toBeLessThan(60)
      }
    } finally {
      await browser.close()
      server.close()
    }
  })
})

describe('a page that hears itself', () => {
  let server: KaiwaServer
  let talker: Talker | undefined
  const room = { gain: 0.15, delayMs: 120 }
  const floor = { lossDb: -20 * Math.log10(room.gain), noiseLevel: 0.0005, tailMs: 200 }

  beforeAll(async () => { server = await startKaiwa() })
  afterEach(async () => { await talker?.leave() })
  afterAll(async () => { await server?.stop() })

  async function visitRoom(settings: Partial<VoiceSettings> = {}): Promise<Talker> {
    talker = await visit(server.address)
    const { page } = talker
    await placeInRoom(page, room)
    await page.evaluate(text => localStorage.setItem('kaiwa-voice', text), JSON.stringify({ ...voiceSettingsDefaults, transport: 'websocket', ...settings }))
    await page.reload()
    await page.waitForFunction(() => (document.querySelector('#__nuxt') as { __vue_app__?: unknown } | null)?.__vue_app__)
    return talker
  }
  async function hearAnswer(talker: Talker, question = 'Tell me a story') {
    const { page, button } = talker
    await startTalking(talker)
    await page.getByRole('textbox', { name: 'Message' }).fill(question)
    await button('Send').click()
    await untilState(talker, ['speaking'])
  }
  const heardSpeech = ({ received }: Talker) => received.some(event => event.type === 'input_audio_buffer.speech_started')

  it('without a cure takes its own voice for somebody’s', async () => {
    const visitor = await visitRoom({ bargeIn: 'cautious' })
    await hearAnswer(visitor)
    await until('speech that nobody spoke', () => heardSpeech(visitor))
  })

  it('taking turns strictly, hears nothing of itself', async () => {
    const visitor = await visitRoom({ halfDuplex: true, echoFloor: floor })
    // Long enough for many words to come back, and short enough to hear the end of.
    await hearAnswer(visitor, 'What is the weather?')
    await untilState(visitor, ['listening'], 60_000)
    const before = visitor.sent.length
    await until('a second more of the microphone', () => visitor.sent.length > before + 25)
    expect(heardSpeech(visitor)).toBe(false)
    expect(visitor.received.some(event => event.type === 'input_audio_buffer.committed')).toBe(false)
  })

  it('taking turns strictly, still hears somebody louder than its echo', async () => {
    const visitor = await visitRoom({ halfDuplex: true, echoFloor: floor })
    await hearAnswer(visitor)
    await visitor.page.waitForTimeout(1500)
    expect(heardSpeech(visitor)).toBe(false)
    const { samples, sampleRate } = speech('go-forward')
    const loudest = samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0)
    const loud = samples.map(sample => sample * 30_000 / loudest)
    await visitor.page.evaluate(([voice, rate]) => globalThis.speakInRoom(voice, rate), [base64Of(loud), sampleRate] as const)
    await until('speech', () => heardSpeech(visitor))
    await until('the answer cut', () => visitor.sent.some(event => event.type === 'conversation.item.truncate'))
    await until('the words', async () => /go forward/.test(await visitor.turns('user').last().innerText().catch(() => '')))
  })

  it('is checked: finds the echo that is there, proposes loudspeaker mode, and finds none in it', async () => {
    const { page, button } = await visitRoom()
    await button('Sound').click()
    await button('Check now').click()
    const finding = page.locator('[data-finding=echo_try_loopback]')
    await finding.waitFor({ timeout: 30_000 })
    const [delayMs, lossDb] = /after (\d+) ms, (-?\d+) dB/.exec(await finding.innerText())!.slice(1).map(Number)
    console.info(`echo check: ${delayMs} ms, ${lossDb} dB; in the room ${room.delayMs} ms, ${floor.lossDb.toFixed(1)} dB`)
    // The graph's own way out and in comes on top.
    expect(delayMs).toBeGreaterThanOrEqual(room.delayMs)
    expect(delayMs).toBeLessThan(room.delayMs + 60)
    expect(Math.abs(lossDb! - floor.lossDb)).toBeLessThan(2)
    await button('Apply').click()
    const remembered = () => page.evaluate(() => localStorage.getItem('kaiwa-voice'))
    expect(parseVoiceSettings(JSON.parse((await remembered())!))).toMatchObject({ playbackPath: 'loopback', noiseReduction: 'far_field' })
    await button('Check again').click()
    await page.locator('[data-finding=echo_none]').waitFor({ timeout: 30_000 })
    expect(await page.locator('[data-finding]').count()).toBe(2)
  })

  it('in a call in loudspeaker mode is understood and answers aloud', async () => {
    const visitor = await visitRoom({ playbackPath: 'loopback' })
    await hearAnswer(visitor)
    await until('some of it heard', async () => (await visitor.turns('assistant').first().innerText().catch(() => '')).length > 20)
    await visitor.page.waitForTimeout(3000)
    expect(heardSpeech(visitor)).toBe(false)
    await visitor.page.keyboard.press('Escape')
    const cut = await until('the truncation', () => visitor.sent.find(event => event.type === 'conversation.item.truncate'))
    expect(Number(cut.audio_end_ms)).toBeGreaterThan(500)
    expect(visitor.complaints).toEqual([])
  })
})
