import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { startKaiwa, type KaiwaServer } from '../fakes/kaiwa-server.ts'
import { openNetNamespace } from '../fakes/net-namespace.ts'
import { startUdpProxy, type UdpProxy, type Weather } from '../fakes/udp-proxy.ts'
import { startTalking, until, visit, type Talker, type TalkerOptions } from './talker.ts'

let server: KaiwaServer
let talker: Talker
let network: UdpProxy | undefined

beforeAll(async () => { server = await startKaiwa() })
afterEach(async () => {
  await talker?.leave()
  network?.close()
  network = undefined
})
afterAll(async () => { expect(await server?.stop(), 'the server ends cleanly').toBe(0) })

/** Somebody whose WebRTC goes through that weather. */
async function visitIn(weather: Weather, options: TalkerOptions): Promise<UdpProxy> {
  const proxy = network = await startUdpProxy(weather)
  talker = await visit(server.address, options)
  await talker.page.route('**/v1/realtime/calls', async route => {
    const response = await route.fetch({ postData: (route.request().postData() ?? '').replace(/^a=candidate:.*\r\n/gm, '') })
    await route.fulfill({ response, body: response.status() === 201 ? proxy.lead(await response.text()) : await response.body() })
  })
  return proxy
}
const transport = () => talker.page.locator('[data-brain]').first().getAttribute('data-transport')
const note = (text: RegExp) => talker.page.getByText(text).first()
const said = () => talker.turns('user').first().innerText().catch(() => '')
async function ask(text: string, answer: RegExp) {
  await talker.page.getByRole('textbox', { name: 'Message' }).fill(text)
  await talker.button('Send').click()
  await until(`an answer to “${text}”`, async () => answer.test((await talker.turns('assistant').allInnerTexts()).join(' ')), 30_000)
}

describe('where UDP is blocked', () => {
  it('a call goes over the socket within five seconds, with its first word and the reason, and the next one at once', async () => {
    const proxy = await visitIn({}, { transport: 'auto', says: { recording: 'go-forward', afterMs: 500 } })
    proxy.block()
    const moments: { offered?: number, socket?: number } = {}
    let offers = 0
    talker.page.on('request', request => {
      if (request.url().endsWith('/api/calls')) moments.offered ??= Date.now()
      if (request.url().endsWith('/v1/realtime/calls')) offers++
    })
    talker.page.on('websocket', socket => { if (!socket.url().includes('call_id')) moments.socket ??= Date.now() })

    await startTalking(talker)
    expect(await transport()).toBe('websocket')
    expect(moments.socket! - moments.offered!, 'ms until the socket').toBeLessThan(5000)
    await note(/WebRTC didn’t get through in time/).waitFor()
    await until('the first words', async () => /go forward/.test(await said()), 30_000)

    await talker.button('End call').click()
    await startTalking(talker)
    expect(offers, 'offers in all').toBe(1)
  })
})

const room = openNetNamespace()
afterAll(() => { if (!('why' in room)) room.close() })

describe('a browser in a network of its own', () => {
  it('why' in room ? `can’t be had here (${room.why}): the block above stands for it` : 'talks over WebRTC; once its firewall keeps UDP back, over the socket within five seconds, with the conversation intact', async () => {
    if ('why' in room) return expect(room.why).not.toBe('')
    talker = await visit(server.address, { transport: 'auto', from: room, says: { recording: 'go-forward', afterMs: 60_000 } })
    await startTalking(talker)
    expect(await transport()).toBe('webrtc')
    await talker.button('End call').click()

    room.blockUdp()
    const moments: { offered?: number, socket?: number } = {}
    talker.page.on('request', request => { if (request.url().endsWith('/api/calls')) moments.offered ??= Date.now() })
    talker.page.on('websocket', socket => { if (!socket.url().includes('call_id')) moments.socket ??= Date.now() })
    await talker.page.getByRole('textbox', { name: 'Message' }).waitFor()
    await ask('What is twelve times seven?', /84|eighty-four/)
    expect(await transport()).toBe('websocket')
    expect(moments.socket! - moments.offered!, 'ms until the socket').toBeLessThan(5000)
    expect(await talker.turns('user').last().innerText()).toMatch(/twelve times seven/)
    await note(/WebRTC didn’t get through in time/).waitFor()
  })
})

describe('where packets get lost and are late', () => {
  it('is a usable call at 5 % loss and 100 ms jitter, both ways', async () => {
    const proxy = await visitIn({ loss: 0.05, jitterMs: 100 }, { transport: 'webrtc', says: { recording: 'go-forward', afterMs: 3000 } })
    await startTalking(talker)
    // Which words, is the recogniser's affair: PocketSphinx takes a gap hard.
    const heard = 'conversation.item.input_audio_transcription.completed'
    await until('words', () => talker.received.some(event => event.type === heard && String(event.transcript).trim() !== ''), 30_000)
    await until('an answer, heard to its end', async () => (await talker.states()).join(' ').endsWith('speaking listening'), 40_000)
    expect(await talker.states()).not.toContain('reconnecting')
    expect(await transport()).toBe('webrtc')
    expect(proxy.counts.lost).toBeGreaterThan(20)
    await talker.page.locator('body').click({ position: { x: 5, y: 400 } })
    await talker.page.keyboard.press('`')
    await talker.page.getByRole('tab', { name: 'Session' }).click()
    await until('the figures', async () => /\d/.test(await talker.page.locator('[data-network=roundTrip]').innerText().catch(() => '')))
    for (const figure of ['lost', 'jitter', 'buffered']) expect(await talker.page.locator(`[data-network=${figure}]`).innerText()).toMatch(/\d/)
  })
})

describe('a network that goes away in the middle of a call', () => {
  it('moves the call to the socket: every turn stays, the new session knows what was said, and it goes on', async () => {
    const proxy = await visitIn({}, { transport: 'auto', says: { recording: 'go-forward', afterMs: 60_000 } })
    await startTalking(talker)
    expect(await transport()).toBe('webrtc')
    await ask('What is twelve times seven?', /84|eighty-four/)

    proxy.block()
    await until('another way', async () => await transport() === 'websocket', 30_000)
    await note(/WebRTC broke off/).waitFor()
    expect(await talker.states()).toContain('reconnecting')
    expect(await talker.turns('user').count()).toBe(1)
    expect(await talker.turns('assistant').count()).toBe(1)
    const recalled = talker.sent.filter(event => event.type === 'conversation.item.create')
    expect(recalled.map(event => JSON.stringify(event)).join('\n').match(/What is twelve times seven\?/g)).toHaveLength(2)

    await ask('What is nine times nine?', /81|eighty-one/)
    expect(await talker.turns('user').allInnerTexts()).toMatchObject([/twelve/, /nine/].map(words => expect.stringMatching(words)))
  })
})

describe('what reaches a page that talks over WebRTC', () => {
  it('holds no key and no client secret', async () => {
    talker = await visit(server.address, { transport: 'webrtc', says: { recording: 'go-forward', afterMs: 60_000 } })
    await startTalking(talker)
    expect(await transport()).toBe('webrtc')
    const everything = await talker.everythingReceived()
    expect(everything).toMatch(/a=fingerprint/)
    expect(everything).not.toMatch(/\bek_|\bsk-/)
    expect(talker.complaints).toEqual([])
  })
})
