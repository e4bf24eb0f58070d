import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { cough } from '../fakes/cough.ts'
import { startKaiwa, type KaiwaServer } from '../fakes/kaiwa-server.ts'
import { agreementDb, alignment, expectedOutput, firstSound, sentAudio } from './heard-audio.ts'
import { startTalking, until, untilState, visit, type Talker, type TalkerOptions } from './talker.ts'

/** Speech, and what is none, over an answer: what is heard of the answer, sample by sample. */

let server: KaiwaServer
let talker: Talker

beforeAll(async () => { server = await startKaiwa() })
afterEach(async () => { await talker?.leave() })
afterAll(async () => { expect(await server?.stop(), 'the server ends cleanly').toBe(0) })

/** Asks for a story, by hand, with somebody at the microphone 7 s after it was opened. */
async function story(options: TalkerOptions) {
  talker = await visit(server.address, options)
  const { page, button, turns } = talker
  await startTalking(talker)
  await page.getByRole('textbox', { name: 'Message' }).fill('Tell me a story')
  await button('Send').click()
  await untilState(talker, ['speaking'])
  return (await turns('assistant').first().getAttribute('data-item-id'))!
}

const ofType = (events: Talker['sent'], type: string) => events.filter(event => event.type === type)
/** So many seconds of the answer have been played: it is long, so a test doesn't wait for its end. */
async function playedFor(seconds: number) {
  await until(`${seconds} s of the answer`, async () => {
    const { sampleRate, samples } = await talker.played()
    const from = firstSound(samples)
    return from >= 0 && samples.length - from > seconds * sampleRate
  }, 60_000)
}

interface Heard { duckedMs: number, heldMs: number, duckedLevel: number, errorDb: number, leftMs: number }

/** How the output differs from the answer as it was sent: a quieter stretch, then a pause, and nothing else. */
async function heardOf(itemId: string): Promise<Heard> {
  const output = await talker.played()
  const rate = output.sampleRate
  const whole = expectedOutput(sentAudio(talker.received, itemId), rate)
  const from = alignment(output.samples, whole, rate)
  const to = lastShift(output.samples, whole, from, rate)
  const expected = whole.subarray(0, output.samples.length - to - Math.round(rate * 0.05))
  const window = Math.round(rate * 0.005)
  const error = (shift: number, at: number) => {
    let sum = 0
    for (let i = at; i < Math.min(at + window, expected.length); i++) sum += ((output.samples[shift + i] ?? 0) - expected[i]!) ** 2
    return Math.sqrt(sum / window)
  }
  // A millisecond or so at the ends is the player's fade.
  let start = window * 2
  while (start < expected.length && error(from, start) < 1e-4) start += window
  let end = expected.length - window * 2
  while (end > start && error(to, end - window) < 1e-4) end -= window
  let played = 0
  let sent = 0
  for (let i = start; i < Math.min(start + rate * 0.2, expected.length); i++) {
    played += output.samples[from + i]! ** 2
    sent += expected[i]! ** 2
  }
  let worst = 0
  for (let at = window * 2; at < start - window; at += window) worst = Math.max(worst, error(from, at))
  for (let at = end; at < expected.length - window * 3; at += window) worst = Math.max(worst, error(to, at))
  return {
    duckedMs: (end - start) * 1000 / rate, heldMs: (to - from) * 1000 / rate, duckedLevel: Math.sqrt(played / Math.max(sent, 1e-9)),
    errorDb: 20 * Math.log10(worst + 1e-9), leftMs: (quietFrom(output.samples, from, rate) - from) * 1000 / rate,
  }
}

/** From the order to fall silent to the last sound. */
async function silentAfterMs(): Promise<number> {
  const { sampleRate, samples, cuts } = await talker.played()
  expect(cuts, 'the page told the player once').toHaveLength(1)
  return (quietFrom(samples, cuts[0]!, sampleRate) - cuts[0]!) * 1000 / sampleRate
}

/** By how much the newest half second of the output is behind the answer: from `from`, plus what it waited. */
function lastShift(played: Float32Array, expected: Float32Array, from: number, rate: number): number {
  const end = played.length - Math.round(rate * 0.1)
  let best = { shift: from, error: Infinity }
  for (let shift = from; shift <= from + rate * 1.5; shift++) {
    let error = 0
    for (let at = end - rate / 2; at < end; at += 5) error += (played[at]! - (expected[at - shift] ?? 0)) ** 2
    if (error < best.error) best = { shift, error }
  }
  return best.shift
}

/** From where on nothing sounds any more: a pause between sentences is shorter than what follows a cut. */
function quietFrom(samples: Float32Array, from: number, rate: number): number {
  let quiet = 0
  for (let i = Math.max(0, from); i < samples.length; i++) {
    quiet = Math.abs(samples[i]!) > 1e-4 ? 0 : quiet + 1
    if (quiet > rate * 1.2) return i - quiet
  }
  return samples.length - quiet
}

describe('an answer that is spoken over', () => {
  it.each(['normal', 'cautious'] as const)('gives way to a cough and is heard whole, in %s mode; the cough is no turn', async bargeIn => {
    const itemId = await story({ says: { recording: cough(), afterMs: 7000 }, settings: { bargeIn } })
    await playedFor(10)
    const heard = await heardOf(itemId)
    process.stdout.write(`cough, ${bargeIn}: quieter for ${heard.duckedMs.toFixed(0)} ms (level ${heard.duckedLevel.toFixed(2)}), waited ${heard.heldMs.toFixed(0)} ms, `
      + `server noticed ${ofType(talker.received, 'input_audio_buffer.speech_started').length}, rest differs by ${heard.errorDb.toFixed(0)} dB\n`)
    expect(heard.heldMs, 'it gave way').toBeGreaterThan(50)
    expect(heard.heldMs, 'and came back soon').toBeLessThan(1500)
    expect(heard.duckedMs, 'all else at full level, every sample once').toBeLessThan(330)
    expect(heard.duckedLevel).toBeLessThan(0.5)
    expect(ofType(talker.sent, 'response.cancel')).toEqual([])
    expect(ofType(talker.sent, 'conversation.item.truncate')).toEqual([])
    expect(ofType(talker.received, 'response.created')).toHaveLength(1)
    await until('nothing of the cough in the thread', async () => await talker.turns('user').count() === 1)
    expect(await talker.states()).not.toContain('interrupted')
    expect(talker.complaints).toEqual([])
  })

  it('stops for words, in normal mode: quieter, then silent, cut at what was heard, and answered', async () => {
    const itemId = await story({ says: { recording: 'go-forward', afterMs: 7000 }, settings: { bargeIn: 'normal' } })
    const cut = await until('the truncation', () => ofType(talker.sent, 'conversation.item.truncate')[0])
    await until('an answer to it', () => ofType(talker.received, 'response.created').length === 2)
    await until('what was said', async () => /go forward/.test(await talker.turns('user').nth(1).innerText().catch(() => '')))
    expect(cut).toMatchObject({ item_id: itemId })
    const { leftMs } = await heardOf(itemId)
    const silentMs = await silentAfterMs()
    process.stdout.write(`words, normal: truncated at ${String(cut.audio_end_ms)} ms, ${leftMs.toFixed(0)} ms left the player, silent after ${silentMs.toFixed(0)} ms\n`)
    expect(silentMs, 'ms from the decision to silence').toBeLessThan(50)
    expect(Number(cut.audio_end_ms)).toBeLessThanOrEqual(leftMs)
    expect(Number(cut.audio_end_ms)).toBeGreaterThan(leftMs - 150)
    expect(await talker.states()).toContain('interrupted')
    expect(talker.complaints).toEqual([])
  })

  it('stops for the first word in eager mode, without a word from the page about turns', async () => {
    const itemId = await story({ says: { recording: 'go-forward', afterMs: 7000 }, settings: { bargeIn: 'eager' } })
    const cut = await until('the truncation', () => ofType(talker.sent, 'conversation.item.truncate')[0])
    await until('an answer to it', () => ofType(talker.received, 'response.created').length === 2)
    expect(cut).toMatchObject({ item_id: itemId })
    const { leftMs } = await heardOf(itemId)
    const silentMs = await silentAfterMs()
    process.stdout.write(`words, eager: truncated at ${String(cut.audio_end_ms)} ms, ${leftMs.toFixed(0)} ms left the player, silent after ${silentMs.toFixed(0)} ms\n`)
    expect(silentMs, 'ms from the decision to silence').toBeLessThan(50)
    expect(Number(cut.audio_end_ms)).toBeLessThanOrEqual(leftMs)
    expect(Number(cut.audio_end_ms)).toBeGreaterThan(leftMs - 150)
    expect(ofType(talker.sent, 'response.create'), 'all but the typed question is answered by the server itself').toHaveLength(1)
    expect(talker.complaints).toEqual([])
  })

  it('goes on whatever is said when that is off: every sample at full level, and what was said is no turn', async () => {
    const itemId = await story({ says: { recording: 'go-forward', afterMs: 6000 }, settings: { bargeIn: 'off' } })
    await until('what was said to be dropped', () => ofType(talker.received, 'conversation.item.deleted').length > 0, 40_000)
    await playedFor(2)
    const { sampleRate, samples } = await talker.played()
    const whole = expectedOutput(sentAudio(talker.received, itemId), sampleRate)
    const from = alignment(samples, whole, sampleRate)
    const soFar = whole.subarray(0, samples.length - from - Math.round(sampleRate * 0.05))
    expect(agreementDb(samples, soFar, from, sampleRate), 'dB').toBeGreaterThan(60)
    expect(ofType(talker.received, 'input_audio_buffer.speech_started').length, 'the server heard it').toBeGreaterThan(0)
    expect(ofType(talker.sent, 'response.cancel')).toEqual([])
    expect(ofType(talker.sent, 'conversation.item.truncate')).toEqual([])
    expect(ofType(talker.received, 'response.created')).toHaveLength(1)
    await until('nothing of it in the thread', async () => await talker.turns('user').count() === 1)
    expect(await talker.states()).not.toContain('interrupted')
    expect(talker.complaints).toEqual([])
  })
})
