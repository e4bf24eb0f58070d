import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Locator, Page } from 'playwright-core'
import { expect } from 'vitest'
import type { TransportWish } from '../../app/voice/transport.ts'
import { launchChromium } from '../fakes/chromium.ts'
import type { NetNamespace } from '../fakes/net-namespace.ts'
import { padded, readWav, writeWav, type Recording } from '../fakes/wav.ts'
import { tapOutput, type Played } from './output-tap.ts'
import { startTapProxy } from './tap-proxy.ts'

export interface TalkerOptions {
  /** What the fake microphone says, once, from the moment it is opened: a recording and how long before it begins. */
  says?: { recording: string | Recording, afterMs: number }
  /** Without the browser's own processing, so that samples can be compared. */
  unprocessed?: boolean
  /** Of the Sound dialog, as remembered from before. */
  settings?: Record<string, unknown>
  /** The way that calls go. @default 'websocket', on which events and samples can be watched */
  transport?: TransportWish
  extraArgs?: string[]
  /** Where the browser is. @default on this machine's own network */
  from?: Pick<NetNamespace, 'address' | 'wrap'>
  viewport?: { width: number, height: number }
  colorScheme?: 'light' | 'dark'
}

/** One person at the page, in a browser of their own. */
export interface Talker {
  page: Page
  /** States of the page in order, each once. */
  states(): Promise<string[]>
  state: Locator
  turns(role: 'user' | 'assistant'): Locator
  button(name: string): Locator
  /** Events as they went over the wire: over sockets, and what is said over the data channel of a WebRTC call. */
  received: Record<string, unknown>[]
  sent: Record<string, unknown>[]
  /** Console errors, page errors, failed requests. */
  complaints: string[]
  /** Everything that reached the browser: bodies, headers and frames. */
  everythingReceived(): Promise<string>
  requestedHosts: Set<string>
  played(): Promise<Played>
  leave(): Promise<void>
}

/** Opens the page of `address`. Close with `leave`. */
export async function visit(address: string, options: TalkerOptions = {}): Promise<Talker> {
  const folder = mkdtempSync(join(tmpdir(), 'kaiwa-talker-'))
  const proxy = await startTapProxy(options.from?.address)
  const extraArgs = [...proxy.browserArgs, ...options.extraArgs ?? []]
  const browser = await launchChromium({ microphoneWav: options.says && microphone(folder, options.says), extraArgs, wrap: options.from?.wrap })
  const { viewport = { width: 1280, height: 800 }, colorScheme } = options
  const page = await browser.newPage({ viewport, colorScheme })
  const watched = watch(page)
  const tap = await tapOutput(page)
  await page.exposeBinding('channelSaid', (_source, text: string) => { watched.sent.push(JSON.parse(text)) })
  await page.addInitScript(tellChannel)
  await page.addInitScript(rememberStates)
  if (options.unprocessed) await page.addInitScript(askUnprocessed)
  const { transport = 'websocket' } = options
  if (options.settings) await page.addInitScript(rememberSettings, { transport, ...options.settings })
  else await page.addInitScript(rememberAtFirst, { transport })
  await page.goto(address)
  // Hydrated: before that a click is lost.
  await page.waitForFunction(() => (document.querySelector('#__nuxt') as { __vue_app__?: unknown } | null)?.__vue_app__)
  return {
    page,
    ...watched,
    state: page.locator('[role=status][data-state]'),
    states: () => page.evaluate(() => (globalThis as unknown as { statesSeen: string[] }).statesSeen),
    turns: role => page.getByRole('log', { name: 'Conversation' }).locator(`article[data-role=${role}]`),
    button: name => page.getByRole('button', { name, exact: true }),
    played: tap.samples,
    async leave() {
      await browser.close()
      proxy.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function microphone(folder: string, { recording, afterMs }: NonNullable<TalkerOptions['says']>): string {
  const path = join(folder, 'microphone.wav')
  const speech = typeof recording === 'string' ? readWav(readFileSync(new URL(`../fixtures/speech/${recording}.wav`, import.meta.url))) : recording
  writeFileSync(path, writeWav(aired(padded(speech, afterMs, 60_000))))
  return path
}

/** A room is never exactly silent, and a microphone that is would be opened anew. */
function aired(recording: ReturnType<typeof padded>): ReturnType<typeof padded> {
  let seed = 1
  for (let i = 0; i < recording.samples.length; i++) {
    seed = Math.imul(seed, 1_103_515_245) + 12_345
    recording.samples[i]! += (seed >> 16) % 24
  }
  return recording
}

function watch(page: Page) {
  const received: Record<string, unknown>[] = []
  const sent: Record<string, unknown>[] = []
  const complaints: string[] = []
  const bodies: Promise<string>[] = []
  const requestedHosts = new Set<string>()
  page.on('console', message => { if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text()) })
  page.on('pageerror', error => complaints.push(error.message))
  page.on('request', request => { if (!/^(data|blob):/.test(request.url())) requestedHosts.add(new URL(request.url()).host) })
  page.on('requestfailed', request => {
    const why = request.failure()?.errorText
    // What the page itself no longer wants, such as a call whose microphone was denied, is no complaint.
    if (why !== 'net::ERR_ABORTED') complaints.push(`${request.url()} ${why}`)
  })
  page.on('response', response => bodies.push(Promise.all([response.allHeaders(), response.text()]).then(parts => JSON.stringify(parts), () => '')))
  page.on('websocket', socket => {
    requestedHosts.add(new URL(socket.url()).host)
    socket.on('framereceived', ({ payload }) => received.push(JSON.parse(String(payload))))
    socket.on('framesent', ({ payload }) => sent.push(JSON.parse(String(payload))))
  })
  return {
    received, sent, complaints, requestedHosts,
    everythingReceived: async () => [...await Promise.all(bodies), ...received.map(event => JSON.stringify(event))].join('\n'),
  }
}

/** Runs in the page before its own scripts. */
function askUnprocessed() {
  const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices)
  const off = { echoCancellation: false, noiseSuppression: false, autoGainControl: false }
  navigator.mediaDevices.getUserMedia = wanted => ask({ audio: { ...typeof wanted?.audio === 'object' ? wanted.audio : {}, ...off } })
}

/** Runs in the page before its own scripts. */
function tellChannel() {
  const send = RTCDataChannel.prototype.send as (this: RTCDataChannel, data: string) => void
  RTCDataChannel.prototype.send = function (this: RTCDataChannel, data: string) {
    ;(globalThis as unknown as { channelSaid: (text: string) => void }).channelSaid(data)
    return send.call(this, data)
  } as typeof RTCDataChannel.prototype.send
}

/** Runs in the page before its own scripts; what the page itself remembers later stays. */
function rememberAtFirst(settings: object) {
  if (localStorage.getItem('kaiwa-voice') === null) localStorage.setItem('kaiwa-voice', JSON.stringify(settings))
}

/** Runs in the page before its own scripts. */
function rememberSettings(settings: object) {
  localStorage.setItem('kaiwa-voice', JSON.stringify(settings))
}

/** Runs in the page before its own scripts. */
function rememberStates() {
  const seen: string[] = []
  const look = () => {
    const state = document.querySelector('[role=status][data-state]')?.getAttribute('data-state')
    if (state && state !== seen.at(-1)) seen.push(state)
  }
  new MutationObserver(look).observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ['data-state'] })
  Object.assign(globalThis, { statesSeen: seen })
}

/** Waits until the page shows one of these states. */
export async function untilState(talker: Talker, states: string[], timeout = 20_000): Promise<void> {
  const wanted = states.map(state => `[role=status][data-state="${state}"]`).join(',')
  try {
    await talker.page.locator(wanted).first().waitFor({ state: 'attached', timeout })
  } catch {
    expect(await talker.states(), 'states seen so far').toContain(states[0])
  }
}

/**
 * Clicks "Start talking" and waits until the page listens. A server on a machine that others keep busy may refuse for some seconds, as it
 * should: then it is asked again, as the page proposes.
 */
export async function startTalking(talker: Talker): Promise<void> {
  await talker.button('Start talking').click()
  await untilListening(talker)
}

/** The second half of `startTalking`, for a call that was begun in another way. */
export async function untilListening(talker: Talker): Promise<void> {
  const { page, complaints } = talker
  // The list beside the call may have something to try again, too.
  const again = page.getByRole('main').getByRole('button', { name: 'Try again', exact: true })
  await until('the page to listen', async () => {
    const state = await page.locator('[role=status][data-state]').getAttribute('data-state').catch(() => null)
    if (state === 'error') {
      await again.click({ timeout: 500 }).catch(() => undefined)
      const kept = complaints.filter(complaint => !/\b503\b/.test(complaint))
      complaints.splice(0, complaints.length, ...kept)
    }
    return state === 'listening'
  }, 40_000).catch(async (error: unknown) => {
    throw new Error(`${String(error)}; states: ${(await talker.states()).join(', ')}; the page complained: ${complaints.join(' | ')}`)
  })
}

/** Polls until `look` gives something truthy; fails with `what` after the timeout. */
export async function until<T>(what: string, look: () => Promise<T> | T, timeoutMs = 20_000): Promise<NonNullable<T>> {
  const deadlineMs = Date.now() + timeoutMs
  for (;;) {
    const found = await look()
    if (found) return found
    if (Date.now() > deadlineMs) throw new Error(`waited ${timeoutMs} ms for: ${what}`)
    await new Promise(resolve => setTimeout(resolve, 50))
  }
}
