import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { startKaiwa, type KaiwaServer } from '../fakes/kaiwa-server.ts'
import { troubleContexts } from './context-trouble.ts'
import { agreementDb, alignment, expectedOutput, firstSound, sentAudio } from './heard-audio.ts'
import { startTalking, until, untilState, visit, type Talker } from './talker.ts'

let server: KaiwaServer
let talker: Talker

beforeAll(async () => { server = await startKaiwa() })
afterEach(async () => { await talker?.leave() })
afterAll(async () => { await server?.stop() })

const SAMPLE_RATE = 24_000
/** After 80 samples of 24 kHz, which are 147 frames of 44.1 kHz, the two fall together again: among so many is one that agrees. */
const PHASE_SAMPLES = 80
const silentMicrophone = { says: { recording: 'go-forward', afterMs: 60_000 } }
const appends = () => talker.sent.filter(event => event.type === 'input_audio_buffer.append').length
const answerId = async () => (await talker.turns('assistant').first().getAttribute('data-item-id'))!

async function ask(question: string) {
  await talker.page.getByRole('textbox', { name: 'Message' }).fill(question)
  await talker.page.keyboard.press('Enter')
  await untilState(talker, ['speaking'])
}
const heardToItsEnd = () => until('all of the answer heard', async () => (await talker.states()).at(-1) === 'listening', 60_000)

/** The answer as sent, and what left the two contexts, one after the other. Places in the answer are samples of 24 kHz. */
async function twoParts() {
  const { sampleRate, samples, seams } = await talker.played()
  const sent = sentAudio(talker.received, await answerId())
  const expected = expectedOutput(sent, sampleRate)
  const lag = alignment(samples, expected, sampleRate)
  // Where the first context fell silent for good: what it played agrees with the answer up to there.
  const brokeFrame = breakOf(samples, expected, lag, sampleRate)
  // And all that came from the second: the last block of the first, which broke off within it, is no part of it.
  const again = samples.subarray(seams[0])
  const begin = firstSound(again)
  const perFrame = SAMPLE_RATE / sampleRate
  const probeAt = begin + Math.round(sampleRate * 0.2)
  // Long enough to hold more than a pause.
  const probe = again.subarray(probeAt, probeAt + 9600)
  const near = bestMatch(expected, probe, brokeFrame - sampleRate, brokeFrame + sampleRate) - (probeAt - begin)
  const resumed = resumption(sent, again, { nearSample: Math.round(near * perFrame), begin, sampleRate })
  const rest = expectedOutput(sent.subarray(resumed.sample), sampleRate)
  const restDb = agreementDb(again, rest, resumed.frame, sampleRate)
  return { sampleRate, brokeAt: Math.round(brokeFrame * perFrame), resumedAt: resumed.sample, restDb, after: again.subarray(resumed.frame + rest.length) }
}

/**
 * Sample of the answer at which the second context began, and the frame of `again` where that is. The two rates needn't divide each other,
 * so a resampler that begins at another sample gives frames between those: only at the right one do they agree.
 */
function resumption(sent: Float32Array, again: Float32Array, { nearSample, begin, sampleRate }: { nearSample: number, begin: number, sampleRate: number }) {
  let best = { sample: nearSample, frame: begin, db: -Infinity }
  // Not before the first sound: what fades in there is compared by nobody.
  for (let sample = Math.max(0, nearSample); sample <= nearSample + PHASE_SAMPLES; sample++) {
    const opening = expectedOutput(sent.subarray(sample, sample + SAMPLE_RATE), sampleRate).subarray(0, Math.round(sampleRate * 0.9))
    const around = begin + Math.round((sample - nearSample) * sampleRate / SAMPLE_RATE)
    for (let frame = Math.max(0, around - 2); frame <= around + 2; frame++) {
      const db = agreementDb(again, opening, frame, sampleRate)
      if (db > best.db) best = { sample, frame, db }
    }
  }
  return best
}

/** First frame of the answer from which what was played differs for 20 ms. */
function breakOf(samples: Float32Array, expected: Float32Array, lag: number, sampleRate: number): number {
  const block = Math.round(sampleRate * 0.02)
  for (let at = block; at + block < expected.length; at += block) {
    let error = 0
    let energy = 0
    for (let i = at; i < at + block; i++) {
      error += ((samples[lag + i] ?? 0) - expected[i]!) ** 2
      energy += expected[i]! ** 2
    }
    if (energy > 1e-3 && error > energy * 0.01) return at
  }
  return expected.length
}

function bestMatch(expected: Float32Array, probe: Float32Array, from: number, to: number): number {
  let best = { at: from, error: Infinity }
  for (let at = Math.max(0, from); at < Math.min(expected.length - probe.length, to); at++) {
    let error = 0
    for (let i = 0; i < probe.length && error < best.error; i++) error += (expected[at + i]! - probe[i]!) ** 2
    if (error < best.error) best = { at, error }
  }
  return best.at
}

describe('when the system takes the page’s sound away', () => {
  it.each([
    ['the context is closed under the call', (trouble: Awaited<ReturnType<typeof troubleContexts>>) => trouble.closeContext()],
    ['its clock stands although it says that it runs', (trouble: Awaited<ReturnType<typeof troubleContexts>>) => trouble.freezeClock()],
  ])('%s: the answer is heard to its end from where it broke off, the microphone goes on, mute is kept', async (_, happen) => {
    talker = await visit(server.address, silentMicrophone)
    const { page, button } = talker
    const trouble = await troubleContexts(page)
    await startTalking(talker)
    await button('Mute').click()
    await button('Unmute').waitFor()
    await ask('What is the weather?')
    await until('2 s of it', async () => (await talker.played()).samples.filter(sample => sample !== 0).length > 2 * 48_000)
    const before = appends()
    const brokenAtMs = performance.now()
    await happen(trouble)
    await until('another context', async () => (await trouble.count()).made === 2, 10_000)
    const rebuiltMs = performance.now() - brokenAtMs
    // Without sound for long enough the page says so, and for that time it doesn't speak.
    await untilState(talker, ['speaking'])
    await heardToItsEnd()

    expect(await trouble.count()).toEqual({ made: 2, alive: 1 })
    expect(appends(), 'muted all along').toBeLessThanOrEqual(before + 1)
    expect(talker.sent.some(event => event.type === 'conversation.item.truncate')).toBe(false)
    const { sampleRate, brokeAt, resumedAt, restDb, after } = await twoParts()
    const doubledMs = (brokeAt - resumedAt) * 1000 / SAMPLE_RATE
    console.info(`${_}: made anew after ${rebuiltMs.toFixed(0)} ms, ${doubledMs.toFixed(0)} ms sounded twice, the rest agrees by ${restDb.toFixed(0)} dB at ${sampleRate} Hz`)
    // A block is 20 ms. What was on its way through the device when it died was not heard, and sounds again.
    expect(doubledMs).toBeGreaterThan(-25)
    expect(doubledMs).toBeLessThan(200)
    // To the last bit; half a frame beside it would be 30 dB.
    expect(restDb, 'sample for sample from there on, dB').toBeGreaterThan(100)
    expect(firstSound(after.subarray(Math.round(sampleRate * 0.02))), 'silence after the answer').toBe(-1)
    await button('Unmute').click()
    await until('the microphone', () => appends() > before + 10)
  })

  it('starts silent, as browsers do before a gesture: says so, and the answer is heard whole after a click', async () => {
    talker = await visit(server.address)
    const { page } = talker
    const trouble = await troubleContexts(page, { blocked: true })
    await page.getByRole('textbox', { name: 'Message' }).fill('What is twelve times seven?')
    await page.keyboard.press('Enter')
    await until('the answer in writing', async () => /84|eighty-four/.test(await talker.turns('assistant').first().innerText().catch(() => '')))
    await until('the trouble in words', async () => /holds the sound back|Sound blocked/.test(await page.locator('body').innerText()))
    await trouble.allowSound()
    await page.locator('body').click({ position: { x: 5, y: 400 } })
    await untilState(talker, ['speaking'])
    await heardToItsEnd()
    expect((await trouble.count()).made).toBe(1)
    const { samples, sampleRate } = await talker.played()
    const expected = expectedOutput(sentAudio(talker.received, await answerId()), sampleRate)
    expect(agreementDb(samples, expected, alignment(samples, expected, sampleRate), sampleRate)).toBeGreaterThan(60)
    expect(await page.locator('body').innerText()).not.toMatch(/holds the sound back/)
  })
})
