import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { startKaiwa, type KaiwaServer } from '../fakes/kaiwa-server.ts'
import { agreementDb, alignment, expectedOutput, sentAudio } from './heard-audio.ts'
import { startTalking, until, untilState, visit, type Talker } from './talker.ts'

let server: KaiwaServer
let talker: Talker
/** When audio left the page, ms. */
let appends: number[] = []

beforeAll(async () => { server = await startKaiwa() })
afterEach(async () => { await talker?.leave() })
afterAll(async () => { expect(await server?.stop(), 'the server ends cleanly').toBe(0) })

interface Watched { streams: MediaStream[], sinks: string[] }

/** Somebody who says nothing for a minute, in a call. */
async function inCall(): Promise<Talker> {
  talker = await visit(server.address, { says: { recording: 'go-forward', afterMs: 60_000 } })
  appends = []
  talker.page.on('websocket', socket => socket.on('framesent', ({ payload }) => {
    if (String(payload).includes('"input_audio_buffer.append"')) appends.push(Date.now())
  }))
  await talker.page.evaluate(() => {
    const watched: Watched = { streams: [], sinks: [] }
    const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices)
    navigator.mediaDevices.getUserMedia = async wishes => {
      const stream = await ask(wishes)
      watched.streams.push(stream)
      return stream
    }
    const { prototype } = AudioContext as unknown as { prototype: { setSinkId(id: string): Promise<void> } }
    const setSink = prototype.setSinkId
    prototype.setSinkId = async function (id) {
      await setSink.call(this, id)
      watched.sinks.push(id)
    }
    Object.assign(globalThis, { watched })
  })
  await startTalking(talker)
  await until('audio on the line', () => appends.length > 5)
  return talker
}

const streams = () => talker.page.evaluate(() => (globalThis as unknown as { watched: Watched }).watched.streams.map(stream =>
  stream.getAudioTracks().map(track => ({ label: track.label, live: track.readyState === 'live', enabled: track.enabled }))[0]!))
const liveTracks = async () => (await streams()).filter(({ live }) => live)

/** The longest time without audio on the line since `fromMs`. */
function longestGapMs(fromMs: number): number {
  const times = [fromMs, ...appends.filter(at => at > fromMs)]
  return Math.max(...times.slice(1).map((at, index) => at - times[index]!))
}
/** Audio flows again for half a second, and was never away for a second. */
async function expectNoGap(fromMs: number) {
  await until('half a second of audio after it', () => appends.some(at => at > fromMs + 1500))
  expect(longestGapMs(fromMs), 'ms without audio').toBeLessThan(1000)
}

async function choose(picker: string, index: number): Promise<void> {
  await talker.button('Sound').click()
  const field = talker.page.getByRole('combobox', { name: picker })
  await until('the devices', async () => await field.locator('option').count() > index)
  await field.selectOption({ index })
}

describe('another microphone in the middle of a call', () => {
  it('is heard within a second, while the answer goes on sample for sample', async () => {
    const { page, button, turns, played, received } = await inCall()
    await page.getByRole('textbox', { name: 'Message' }).fill('What is twelve times seven?')
    await button('Send').click()
    await untilState(talker, ['speaking'])
    const [first] = await liveTracks()
    const before = Date.now()
    await choose('Microphone', 2)
    await until('the other microphone alone', async () => {
      const live = await liveTracks()
      return live.length === 1 && live[0]!.label !== first!.label
    }).catch(async (error: unknown) => {
      throw new Error(`${String(error)}; tracks: ${JSON.stringify(await streams())}; the page complained: ${talker.complaints.join(' | ')}`)
    })
    await expectNoGap(before)

    await page.keyboard.press('Escape')
    await until('the end of the answer', async () => (await talker.states()).at(-1) === 'listening')
    const itemId = (await turns('assistant').first().getAttribute('data-item-id'))!
    const output = await played()
    const expected = expectedOutput(sentAudio(received, itemId), output.sampleRate)
    const lag = alignment(output.samples, expected, output.sampleRate)
    expect(agreementDb(output.samples, expected, lag, output.sampleRate), 'dB').toBeGreaterThan(60)
    expect(received.filter(event => event.type === 'session.created')).toHaveLength(1)
  })

  it('is as muted as the one before: nothing leaves', async () => {
    const { button } = await inCall()
    await button('Mute').click()
    await button('Unmute').waitFor()
    await choose('Microphone', 2)
    await until('the other microphone', async () => (await liveTracks()).length > 0 && (await streams()).length >= 2)
    await talker.page.keyboard.press('Escape')
    const count = appends.length
    await talker.page.waitForTimeout(1500)
    expect(appends.length - count).toBe(0)
    // The ear of a muted microphone is a clone, which no request for a microphone gave.
    expect((await liveTracks()).every(({ enabled }) => !enabled)).toBe(true)
    await button('Unmute').click()
    await until('audio again', () => appends.length > count + 5)
  })
})

describe('a microphone that goes away', () => {
  it('is back within a second when its track ends, without a new line', async () => {
    const { page, received } = await inCall()
    const before = Date.now()
    await page.evaluate(() => {
      const track = (globalThis as unknown as { watched: Watched }).watched.streams.at(-1)!.getAudioTracks()[0]!
      track.stop()
      track.dispatchEvent(new Event('ended'))
    })
    await expectNoGap(before)
    expect((await streams()).map(({ live }) => live)).toEqual([false, true])
    expect(received.filter(event => event.type === 'session.created')).toHaveLength(1)
    expect(await page.getByRole('alert').count()).toBe(0)
  })

  it('that works is left alone when devices change', async () => {
    const { page } = await inCall()
    const before = Date.now()
    await page.evaluate(() => { for (let i = 0; i < 4; i++) navigator.mediaDevices.dispatchEvent(new Event('devicechange')) })
    await expectNoGap(before)
    expect(await streams()).toHaveLength(1)
  })

  it('by a permission taken back says so, with typing left; given again, it is heard again', async () => {
    const { page, button, turns } = await inCall()
    const devtools = await page.context().browser()!.newBrowserCDPSession()
    const contextOf = await page.context().newCDPSession(page)
    const { targetInfo } = await contextOf.send('Target.getTargetInfo')
    const permit = (setting: 'denied' | 'granted') => devtools.send('Browser.setPermission', {
      permission: { name: 'microphone' }, setting, origin: new URL(server.address).origin, browserContextId: targetInfo.browserContextId,
    })
    await permit('denied')
    await page.getByRole('alert').filter({ hasText: 'Your browser blocks the microphone' }).waitFor()
    expect(await liveTracks()).toEqual([])
    await page.getByRole('textbox', { name: 'Message' }).fill('What is twelve times seven?')
    await button('Send').click()
    await until('an answer', async () => /84|eighty-four/.test(await turns('assistant').first().innerText().catch(() => '')))
    const count = appends.length
    await permit('granted')
    await until('audio again', () => appends.length > count + 5)
    expect(await liveTracks()).toHaveLength(1)
    expect(await page.getByRole('alert').count()).toBe(0)
  })
})

describe('the Sound dialog', () => {
  it('sends the voice to another speaker, and remembers it', async () => {
    const { page } = await inCall()
    await choose('Speaker', 2)
    const sinks = () => page.evaluate(() => (globalThis as unknown as { watched: Watched }).watched.sinks)
    const chosen = await page.getByRole('combobox', { name: 'Speaker' }).inputValue()
    await until('the other speaker', async () => (await sinks()).includes(chosen))
    expect(JSON.parse(await page.evaluate(() => localStorage.getItem('kaiwa-voice')!))).toMatchObject({ speakerId: chosen })
  })

  it('looks at the microphone only when asked, shows its level, and lets it go when it closes', async () => {
    talker = await visit(server.address, { says: { recording: 'go-forward', afterMs: 300 } })
    const { page, button, complaints, requestedHosts } = talker
    await page.evaluate(() => {
      const made: MediaStream[] = []
      const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices)
      navigator.mediaDevices.getUserMedia = async wishes => {
        const stream = await ask(wishes)
        made.push(stream)
        return stream
      }
      Object.assign(globalThis, { watched: { streams: made, sinks: [] } })
    })
    await button('Sound').click()
    const dialog = page.getByRole('dialog', { name: 'Sound' })
    await dialog.waitFor()
    expect(await streams()).toEqual([])
    await dialog.getByRole('button', { name: 'Try it out' }).click()
    const bar = dialog.locator('[data-meter] i')
    await until('a level', async () => Number(/inset\(0px ([\d.]+)%/.exec(await bar.evaluate(node => getComputedStyle(node).clipPath))?.[1] ?? 100) < 70)
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })
    expect(await liveTracks()).toEqual([])
    expect(await page.evaluate(() => document.activeElement?.getAttribute('aria-label'))).toBe('Sound')
    expect(complaints).toEqual([])
    expect([...requestedHosts]).toEqual([new URL(server.address).host])
  })

  it('keeps what was chosen for the next visit, by keyboard alone', async () => {
    talker = await visit(server.address)
    const { page, button } = talker
    await button('Sound').focus()
    await page.keyboard.press('Enter')
    const group = page.getByRole('radiogroup', { name: 'Talking over Kaiwa' })
    await group.getByRole('radio', { name: 'Normal' }).focus()
    await page.keyboard.press('ArrowLeft')
    await until('the sentence of the choice', () => page.getByText('stops when you keep talking').isVisible())
    await page.reload()
    await page.waitForFunction(() => (document.querySelector('#__nuxt') as { __vue_app__?: unknown } | null)?.__vue_app__)
    await button('Sound').click()
    await until('it is still chosen', () => page.getByRole('radio', { name: 'Cautious' }).isChecked())
  })
})
