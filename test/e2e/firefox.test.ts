import { decodePcm16, pcm16ToFloat } from '@kaiwa/audio'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { firefoxPath } from '../fakes/firefox.ts'
import { visitWithFirefox, type FirefoxTalker } from './firefox-talker.ts'
import { findBlock, inWords, readBlocks } from './marked-blocks.ts'
import { evenly } from './marked-conversation.ts'
import { inOrder, openStage, type Stage } from './marked-runs.ts'
import { until } from './talker.ts'

const WIRE_RATE = 24_000
/** What Firefox's fake microphone hums. */
const HUM_HZ = 1000

/** The machine decides: where no Firefox is installed there is nothing to look at. */
const installed = firefoxPath() !== undefined
if (!installed) console.warn('No Firefox is installed (Debian: apt-get install firefox-esr, or set FIREFOX_PATH): the page is not tried in it.')

/** Hz, by counting upward crossings of zero. */
function pitchOf(samples: Float32Array, sampleRate: number): number {
  const crossings: number[] = []
  for (let i = 1; i < samples.length; i++) {
    if (samples[i - 1]! < 0 && samples[i]! >= 0) crossings.push(i - samples[i]! / (samples[i]! - samples[i - 1]!))
  }
  return (crossings.length - 1) * sampleRate / (crossings.at(-1)! - crossings[0]!)
}

describe.skipIf(!installed)('in Firefox', () => {
  let stage: Stage
  let talker: FirefoxTalker

  beforeAll(async () => {
    stage = await openStage()
    talker = await visitWithFirefox(stage.server.address)
  })
  afterAll(async () => {
    await talker?.leave()
    await stage?.close()
  })

  async function ask(question: string) {
    await talker.click('textbox', 'Message')
    await talker.type(`${question}\uE007`)
  }
  /** Audio that left the page from the `from`th append on. */
  async function captured(from = 0) {
    const pieces = (await talker.sent('input_audio_buffer.append')).slice(from).map(event => pcm16ToFloat(decodePcm16(String(event.audio))!))
    const whole = new Float32Array(pieces.reduce((sum, piece) => sum + piece.length, 0))
    pieces.reduce((at, piece) => { whole.set(piece, at); return at + piece.length }, 0)
    return whole
  }

  it('a click starts the call: a context at the hardware’s rate runs, and what the microphone hears leaves at its own pitch', async () => {
    stage.answer([[evenly(0, 100, 50)], [evenly(0, 300, 10)]])
    await talker.click('button', 'Start talking')
    await talker.untilState('listening')
    await until('2 s of the microphone', async () => (await captured()).length > 2.5 * WIRE_RATE)
    const { contexts, liveTracks } = await talker.facts()
    expect(contexts).toHaveLength(1)
    expect(contexts[0]!.state).toBe('running')
    expect(liveTracks).toBe(1)
    // The first half second may hold what a device does when it starts.
    const heard = (await captured()).subarray(WIRE_RATE / 2)
    expect(Math.abs(pitchOf(heard, WIRE_RATE) / HUM_HZ - 1), 'off pitch').toBeLessThan(0.002)
  })

  it('a typed question is answered aloud: every block once and in order', async () => {
    await ask('Go on')
    await talker.untilState('speaking')
    const { contexts: [before] } = await talker.facts()
    await talker.untilState('listening')
    const { contexts: [after] } = await talker.facts()
    expect(after!.seconds, 'the audio clock moved').toBeGreaterThan(before!.seconds + 1)
    // What is recorded lags a little behind what the page counts as heard.
    const blocks = await until('a hundred blocks', async () => {
      const { samples, sampleRate } = await talker.played()
      const heard = readBlocks(samples, sampleRate, findBlock(samples, sampleRate)).slice(0, 100)
      return heard.length === 100 ? heard : undefined
    })
    expect(blocks, inWords(blocks)).toEqual(inOrder(100))
    expect(await talker.text()).toContain('So many blocks of sound')
  })

  it('Interrupt stops it: silence, and the model is told no more than sounded', async () => {
    const before = (await talker.played()).samples.length
    await ask('Go on')
    await talker.untilState('speaking')
    await until('1.5 s of it', async () => (await talker.played()).samples.subarray(before).filter(sample => sample !== 0).length > 1.5 * 44_100)
    await talker.click('button', 'Interrupt')
    const [cut] = await until('the truncation', async () => {
      const cuts = await talker.sent('conversation.item.truncate')
      return cuts.length > 0 ? cuts : undefined
    })
    await talker.untilState('listening')
    const atCut = (await talker.played()).samples.length
    await until('half a second more', async () => (await talker.played()).samples.length > atCut + 22_050)
    const { samples, sampleRate } = await talker.played()
    const sounded = samples.subarray(before)
    const [from, to] = [sounded.findIndex(sample => sample !== 0), sounded.findLastIndex(sample => sample !== 0)]
    const soundedMs = (to - from) * 1000 / sampleRate
    expect(soundedMs, 'it was cut').toBeLessThan(5000)
    expect(Number(cut!.audio_end_ms)).toBeGreaterThan(1000)
    expect(Number(cut!.audio_end_ms)).toBeLessThanOrEqual(soundedMs)
    // Firefox tells the mock card's latency as nothing or little.
    expect(Number(cut!.audio_end_ms)).toBeGreaterThan(soundedMs - 150)
  })

  it('mute lets nothing leave, and the end lets everything go', async () => {
    await talker.click('button', 'Mute')
    await until('mute', async () => /Unmute/.test(await talker.text()))
    const count = (await talker.sent('input_audio_buffer.append')).length
    await until('a second of audio clock', ((start: number | undefined) => async () => {
      const { contexts: [context] } = await talker.facts()
      start ??= context!.seconds
      return context!.seconds > start + 1
    })(undefined))
    expect((await talker.sent('input_audio_buffer.append')).length - count).toBeLessThanOrEqual(1)
    await talker.click('button', 'Unmute')
    await until('the microphone again', async () => (await talker.sent('input_audio_buffer.append')).length > count + 10)
    await talker.click('button', 'End call')
    await talker.untilState('ended')
    const { contexts, liveTracks } = await talker.facts()
    expect(contexts.map(({ state }) => state)).toEqual(['closed'])
    expect(liveTracks).toBe(0)
  })

  it('a microphone that it joins to no context of another rate is heard at its own pitch all the same', async () => {
    await talker.refuseOtherRates()
    const count = (await talker.sent('input_audio_buffer.append')).length
    await talker.click('button', 'Start talking')
    await talker.untilState('listening')
    await until('1.5 s of the microphone', async () => (await captured(count)).length > 1.5 * WIRE_RATE)
    const { contexts } = await talker.facts()
    expect(contexts.slice(1).map(({ state }) => state)).toEqual(['running', 'running'])
    expect(Math.abs(pitchOf((await captured(count)).subarray(WIRE_RATE / 2), WIRE_RATE) / HUM_HZ - 1), 'off pitch').toBeLessThan(0.002)
    await talker.click('button', 'End call')
    await until('both closed', async () => (await talker.facts()).contexts.every(({ state }) => state === 'closed'))
  })

  it('loads its worklets under the page’s own policy, and nothing complains', async () => {
    const { policy, refusals } = await talker.facts()
    expect(policy).toMatch(/script-src[^;]*'nonce-/)
    expect(refusals).toEqual([])
    expect(talker.complaints).toEqual([])
  })
})
