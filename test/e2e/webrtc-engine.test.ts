import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { recording, silence } from '../contract/recording.ts'
import { launchChromium } from '../fakes/chromium.ts'
import { startKaiwa, type KaiwaServer } from '../fakes/kaiwa-server.ts'
import { webrtcCaller } from '../fakes/webrtc-caller.ts'

/** What any page does that follows OpenAI's guide, with an ear that keeps what comes out. */
interface CallOfPage {
  rtcId: string
  events: { type: string, [field: string]: unknown }[]
  send(event: object): void
  loud(): number[]
  state(): string
  stats(): Promise<Record<string, number>>
  close(): void
}
declare global { interface Window { call?: CallOfPage } }

const TOKEN = 'token-of-the-shop-canary'
const as = (token: string) => ({ authorization: `Bearer ${token}` })

let server: KaiwaServer
/** As a program gives it to a page. */
let secret: string
let browser: Browser
let page: Page
let folder: string

/** 16-bit mono at 24 kHz. */
function wavOf(samples: Int16Array): Buffer {
  const head = Buffer.alloc(44)
  head.write('RIFF', 0)
  head.writeUInt32LE(36 + samples.length * 2, 4)
  head.write('WAVEfmt ', 8)
  head.writeUInt32LE(16, 16)
  head.writeUInt16LE(1, 20)
  head.writeUInt16LE(1, 22)
  head.writeUInt32LE(24_000, 24)
  head.writeUInt32LE(48_000, 28)
  head.writeUInt16LE(2, 32)
  head.writeUInt16LE(16, 34)
  head.write('data', 36)
  head.writeUInt32LE(samples.length * 2, 40)
  return Buffer.concat([head, Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength)])
}

async function connect(): Promise<number> {
  return await page.evaluate(async key => {
    const peer = new RTCPeerConnection()
    const microphone = await navigator.mediaDevices.getUserMedia({ audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false } })
    peer.addTrack(microphone.getTracks()[0]!, microphone)
    const channel = peer.createDataChannel('oai-events')
    const events: CallOfPage['events'] = []
    channel.onmessage = ({ data }) => events.push(JSON.parse(data as string) as CallOfPage['events'][number])
    const context = new AudioContext()
    const ear = context.createAnalyser()
    ear.fftSize = 2048
    const levels: number[] = []
    peer.ontrack = ({ streams, track }) => {
      const stream = streams[0] ?? new MediaStream([track])
      const player = new Audio()
      player.srcObject = stream
      void player.play()
      context.createMediaStreamSource(stream).connect(ear)
      const samples = new Float32Array(ear.fftSize)
      setInterval(() => {
        ear.getFloatTimeDomainData(samples)
        levels.push(Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length))
      }, 40)
    }
    await context.resume()
    await peer.setLocalDescription(await peer.createOffer())
    const answer = await fetch('/v1/realtime/calls?model=kaiwa-local', { method: 'POST', body: peer.localDescription!.sdp, headers: { 'content-type': 'application/sdp', authorization: `Bearer ${key}` } })
    if (answer.status !== 201) throw new Error(`HTTP ${answer.status}: ${await answer.text()}`)
    await peer.setRemoteDescription({ type: 'answer', sdp: await answer.text() })
    window.call = {
      rtcId: answer.headers.get('location')!.split('/').at(-1)!,
      events,
      send: event => channel.send(JSON.stringify(event)),
      loud: () => levels,
      state: () => `${peer.connectionState} ${channel.readyState}`,
      async stats() {
        const found: Record<string, number> = {}
        for (const report of (await peer.getStats()).values()) {
          if (report.type === 'inbound-rtp') Object.assign(found, { received: report.packetsReceived, lost: report.packetsLost, jitter: report.jitter, concealed: report.concealedSamples })
          if (report.type === 'remote-inbound-rtp') Object.assign(found, { farLost: report.packetsLost, roundTrip: report.roundTripTime })
        }
        return found
      },
      close: () => peer.close(),
    }
    return answer.status
  }, secret)
}

const types = () => page.evaluate(() => window.call!.events.map(({ type }) => type))
const eventOf = (type: string) => page.evaluate(wanted => window.call!.events.findLast(event => event.type === wanted), type)
const until = (type: string, timeout = 15_000) => page.waitForFunction(wanted => window.call!.events.some(event => event.type === wanted), type, { timeout })
/** The loudest of the last so many looks at the ear, one each 40 ms. */
const loudest = (last: number) => page.evaluate(count => Math.max(...window.call!.loud().slice(-count)), last)

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kaiwa-mic-'))
  const said = join(folder, 'said.wav')
  const words = recording('go-forward.wav', { leadMs: 0, tailMs: 0 })
  writeFileSync(said, wavOf(Int16Array.from([silence(2500), words, silence(60_000)].flatMap(piece => [...piece]))))
  server = await startKaiwa({ KAIWA_ALLOW_ANONYMOUS: 'true', KAIWA_API_TOKENS: `shop:${TOKEN}` })
  const minted = await fetch(`${server.address}/v1/realtime/client_secrets`, { method: 'POST', body: '{}', headers: { 'content-type': 'application/json', ...as(TOKEN) } })
  secret = (await minted.json() as { value: string }).value
  browser = await launchChromium({ microphoneWav: said, extraArgs: ['--autoplay-policy=no-user-gesture-required'] })
})
afterEach(async () => { await page?.close() })
afterAll(async () => {
  await browser?.close()
  rmSync(folder, { recursive: true, force: true })
  expect(await server?.stop(), 'the server ends cleanly').toBe(0)
})

async function open() {
  page = await browser.newPage()
  await page.goto(`${server.address}/healthz`)
}

describe('a page that calls as OpenAI’s guide says, with the embedded engine', () => {
  it('is understood, and hears the answer, as long as it is', { timeout: 60_000 }, async () => {
    await open()
    expect(await connect()).toBe(201)
    await until('session.created')
    await page.evaluate(() => window.call!.send({ type: 'session.update', session: { type: 'realtime', audio: { input: { transcription: { model: 'any' } } } } }))
    await until('conversation.item.input_audio_transcription.completed')
    expect(String((await eventOf('conversation.item.input_audio_transcription.completed'))!.transcript)).toMatch(/go forward/i)
    await until('output_audio_buffer.started')
    const startedAtMs = Date.now()
    await page.waitForTimeout(700)
    expect(await loudest(15), 'the answer in the ear').toBeGreaterThan(0.01)
    await until('output_audio_buffer.stopped', 30_000)
    const spokenMs = Date.now() - startedAtMs
    await page.waitForTimeout(1200)
    expect(await loudest(10), 'silence after it').toBeLessThan(0.003)
    const loudMs = await page.evaluate(() => window.call!.loud().filter(level => level > 0.01).length * 40)
    expect(loudMs).toBeGreaterThan(spokenMs * 0.5)
    expect(await types()).not.toContain('response.output_audio.delta')
    const stats = await page.evaluate(() => window.call!.stats())
    expect(stats.received).toBeGreaterThan(100)
    expect(stats.lost! / stats.received!).toBeLessThan(0.02)
  })

  it('falls silent on clear, and ends when the page closes its peer', { timeout: 60_000 }, async () => {
    await open()
    await connect()
    await until('session.created')
    await page.evaluate(() => {
      window.call!.send({ type: 'conversation.item.create', item: { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'What can you do? Tell me everything.' }] } })
      window.call!.send({ type: 'response.create' })
    })
    await until('output_audio_buffer.started')
    await page.waitForTimeout(600)
    await page.evaluate(() => {
      window.call!.send({ type: 'response.cancel' })
      window.call!.send({ type: 'output_audio_buffer.clear' })
    })
    await until('output_audio_buffer.cleared')
    await page.waitForTimeout(700)
    expect(await loudest(5)).toBeLessThan(0.003)
    const cut = (await eventOf('conversation.item.truncated'))!
    expect(cut.audio_end_ms).toBeGreaterThan(200)
    expect(cut.audio_end_ms).toBeLessThan(3000)
    await page.evaluate(() => window.call!.close())
    await expect.poll(() => /call ended|ended/.test(server.log().split('call begins').at(-1)!), { timeout: 8_000 }).toBe(true)
  })

  it('has its function called by a builder’s program that listens in, which hangs up: the sound stops at once', { timeout: 60_000 }, async () => {
    await open()
    await connect()
    await until('session.created')
    const rtcId = await page.evaluate(() => window.call!.rtcId)
    const caller = webrtcCaller(server.address)
    const builder = await caller.sideband(rtcId, as(TOKEN))
    const parameters = { type: 'object', properties: { location: { type: 'string' } }, required: ['location'] }
    const tools = [{ type: 'function', name: 'get_weather', description: 'The weather in a place.', parameters }]
    builder.send({ type: 'session.update', session: { type: 'realtime', tools, tool_choice: 'required' } })
    await builder.next('session.updated')
    await page.evaluate(() => {
      window.call!.send({ type: 'conversation.item.create', item: { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'What is the weather in Rome?' }] } })
      window.call!.send({ type: 'response.create' })
    })
    const called = await builder.next('response.function_call_arguments.done')
    expect(JSON.parse(called.arguments)).toEqual({ location: 'Rome' })
    await builder.next('response.done')
    builder.send({ type: 'session.update', session: { type: 'realtime', tool_choice: 'auto' } })
    const output = 'It is sunny in Rome, thirty degrees, with a light wind from the sea that lasts all day long and well into the night.'
    builder.send({ type: 'conversation.item.create', item: { type: 'function_call_output', call_id: called.call_id, output } })
    builder.send({ type: 'response.create' })
    await until('output_audio_buffer.started')
    await page.waitForTimeout(700)
    expect(await loudest(15), 'the answer in the ear').toBeGreaterThan(0.01)
    expect((await caller.hangUp(rtcId, as(TOKEN))).status).toBe(200)
    await page.waitForTimeout(1000)
    expect(await loudest(5)).toBeLessThan(0.003)
    expect((await builder.closed).code).toBe(1000)
  })
})
