import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { evenly, late } from './marked-conversation.ts'
import { inOrder, openStage, runLoudspeaker, runMicrophone, type Stage } from './marked-runs.ts'
import { until } from './talker.ts'

let stage: Stage

beforeAll(async () => { stage = await openStage() })
afterAll(async () => { await stage?.close() })

describe('each 20 ms that the microphone hears', () => {
  it.each([0, 3000])('reaches the model once, in order, from the first on, with a handshake of %i ms', async handshakeMs => {
    const { words } = await runMicrophone(stage, { blocks: 200, handshakeMs })
    expect(words).toBe('0–199')
  })

  it('reaches it never when the person is muted, and in order before and after', async () => {
    const { blocks, words } = await runMicrophone(stage, {
      blocks: 320,
      async meanwhile({ page, button }) {
        await page.waitForTimeout(1500)
        await button('Mute').click()
        await page.waitForTimeout(1500)
        await button('Unmute').click()
      },
    })
    const read = blocks.flatMap((block, place) => block === undefined ? [] : [{ block, place }])
    // What a busy browser itself hands over unreadable keeps its place; what the page leaves out doesn't.
    const leftOut = read.slice(1).map(({ block, place }, i) => block - read[i]!.block - (place - read[i]!.place))
    const jumps = leftOut.filter(count => count !== 0)
    expect(jumps, words).toHaveLength(1)
    expect(read.at(-1)!.block).toBe(319)
    expect(read.at(-1)!.place + 1 - read.length, 'blocks that nobody can tell').toBeLessThan(12)
    expect(jumps[0]! * 20, 'ms that stayed unheard').toBeGreaterThan(1000)
  })
})

describe('each 20 ms of an answer', () => {
  const lateMs = [0, 180, 50, 200, 0, 60, 190, 120, 0, 10]
  it.each([
    ['at once', [[evenly(0, 150, 0)]], 0],
    ['in real time', [[evenly(0, 150, 200)]], 1],
    ['in real time, but up to 200 ms late', [[late(evenly(0, 200, 200), lateMs)]], 1],
    ['as three items of one response', [[evenly(0, 50, 50), evenly(50, 50, 50, 200), evenly(100, 50, 50, 400)]], 0],
    ['as two responses in a row', [[evenly(0, 60, 50)], [evenly(60, 60, 50)]], 1],
  ] as const)('is heard once, in order, without a click, when it comes %s', async (_, answers, mostGaps) => {
    const { words, gapsMs, seamDb, clickDb } = await runLoudspeaker(stage, answers)
    const count = answers.flat(2).reduce((sum, piece) => sum + piece.count, 0)
    expect(words).toBe(`0–${count - 1}`)
    expect(gapsMs.length, `gaps of ${gapsMs.join(', ')} ms`).toBeLessThanOrEqual(mostGaps)
    expect(seamDb, 'dB at the largest seam').toBeLessThan(-40)
    expect(clickDb, 'dB at the largest click').toBeLessThan(-40)
  })

  it('is heard once and in order over a stall of 2 s, fading on both sides of it', async () => {
    const { blocks, words, gapsMs, seamDb, clickDb } = await runLoudspeaker(stage, [[[...evenly(0, 50, 200), ...evenly(50, 60, 200, 3000)]]])
    // Where it was cut, a block may be faded beyond recognition.
    expect(blocks.filter((block, i) => block !== i).length, words).toBeLessThanOrEqual(1)
    expect(blocks, words).toHaveLength(110)
    expect(Math.max(...gapsMs)).toBeGreaterThan(1000)
    expect(seamDb, 'dB at the largest seam').toBeLessThan(-40)
    expect(clickDb, 'dB at the largest click').toBeLessThan(-40)
  })

  it('stops at an interruption, and the model is told no more than sounded, and hardly less', async () => {
    const { blocks, words, soundedMs, seamDb, talker } = await runLoudspeaker(stage, [[evenly(0, 300, 10)]], async ({ page, button, sent }) => {
      await page.waitForTimeout(1500)
      await button('Interrupt').click()
      await until('the truncation', () => sent.some(event => event.type === 'conversation.item.truncate'))
    })
    expect(blocks.slice(0, -1), words).toEqual(inOrder(blocks.length - 1))
    // The tap stands before the device: what was really heard is less by what the browser says its output takes.
    const heardMs = soundedMs - talker.latencyMs
    expect(talker.truncatedAtMs).toBeLessThanOrEqual(heardMs)
    expect(talker.truncatedAtMs).toBeGreaterThan(heardMs - 20)
    expect(seamDb, 'dB at the largest seam').toBeLessThan(-40)
  })
})
