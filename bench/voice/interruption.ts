import { fileURLToPath } from 'node:url'
import { floatToPcm16, pcm16ToBytes } from '@kaiwa/audio'
import { evenly } from '../../test/e2e/marked-conversation.ts'
import { runLoudspeaker, type Stage } from '../../test/e2e/marked-runs.ts'
import { until } from '../../test/e2e/talker.ts'
import { launchChromium } from '../../test/fakes/chromium.ts'
import type { AudioPage, PlaybackStep } from '../../test/e2e/harness/audio-page.ts'
import { servePage } from '../../test/e2e/harness/serve-page.ts'
import { markedVoice } from '../../test/e2e/marked-blocks.ts'
import type { Figure } from './figure.ts'

const WIRE_RATE = 24_000
/** The pages' clock that says when it asked counts the tap's messages, ten quanta each. */
const ATTEMPTS_MS = [510, 730, 1020, 1290, 1750]

/** What left the player, what of it the output still held, and what was told as heard, ms. */
interface Cut { leftMs: number, latencyMs: number, toldMs: number }

/**
 * What was told is judged against what was really heard: what left the player, less what the output still held. What is told less than that
 * is the fade of a cut (4 ms, which counts as unheard) and the rounding to ms.
 */
function cutFigures(what: string, cuts: readonly Cut[]): Figure[] {
  const range = (values: number[]) => `${Math.min(...values).toFixed(1)} to ${Math.max(...values).toFixed(1)} ms`
  const slack = cuts.map(({ leftMs, latencyMs, toldMs }) => leftMs - latencyMs - toldMs)
  return [
    { what: `${what}: left the player − told`, measured: `${range(cuts.map(({ leftMs, toldMs }) => leftMs - toldMs))}, of which the output holds ${range(cuts.map(({ latencyMs }) => latencyMs))}`, goal: 'none: the next line', met: undefined },
    { what: `${what}: really heard − told`, measured: range(slack), goal: '0 to 20 ms', met: Math.min(...slack) >= 0 && Math.max(...slack) <= 20 },
  ]
}

export async function interruptionFigures(stage: Stage): Promise<Figure[]> {
  return [...await playerFigures(), ...await pageFigures(stage)]
}

/** Whole calls, interrupted by the button. */
async function pageFigures(stage: Stage): Promise<Figure[]> {
  const cuts: Cut[] = []
  for (const atMs of [800, 1500, 2300]) {
    const { soundedMs, talker: { truncatedAtMs, latencyMs } } = await runLoudspeaker(stage, [[evenly(0, 300, 10)]], async ({ page, button, sent }) => {
      await page.waitForTimeout(atMs)
      await button('Interrupt').click()
      await until('the truncation', () => sent.some(event => event.type === 'conversation.item.truncate'))
    })
    cuts.push({ leftMs: soundedMs, latencyMs, toldMs: truncatedAtMs! })
  }
  return cutFigures('barge-in, whole call', cuts)
}

/** The player alone in a real browser, with a tap behind it: how soon it is silent, and what it says was heard against what left it. */
async function playerFigures(): Promise<Figure[]> {
  const { url, server } = await servePage(fileURLToPath(new URL('../../test/e2e/harness/audio-page.ts', import.meta.url)))
  const browser = await launchChromium()
  const silences: number[] = []
  const cuts: Cut[] = []
  try {
    const page = await browser.newPage()
    await page.goto(url)
    await page.click('button')
    const voice = Buffer.from(pcm16ToBytes(floatToPcm16(markedVoice(WIRE_RATE, 150)))).toString('base64')
    for (const atMs of ATTEMPTS_MS) {
      const steps: PlaybackStep[] = [{ atMs: 0, do: 'play', segmentId: 'a', from: 0, to: WIRE_RATE * 3 }, { atMs, do: 'interrupt', segmentId: 'a' }]
      const result = await page.evaluate(([samples, schedule]) =>
        (globalThis as unknown as { audioPage: AudioPage }).audioPage.playback(samples, schedule, 2200), [voice, steps] as const)
      const bytes = Buffer.from(result.tapped, 'base64')
      const tapped = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength))
      const [from, to] = [tapped.findIndex(sample => sample !== 0), tapped.findLastIndex(sample => sample !== 0) + 1]
      const msOf = (frames: number) => frames * 1000 / result.contextRate
      silences.push(msOf(to - result.interruptedAtFrame))
      cuts.push({ leftMs: msOf(to - from), latencyMs: result.latencyMs, toldMs: result.interruption!.heardMs })
    }
  } finally {
    await browser.close()
    server.close()
  }
  return [
    { what: 'barge-in: silence after the event', measured: `${Math.max(...silences).toFixed(0)} ms at worst of ${silences.length}`, goal: '≤ 50 ms', met: Math.max(...silences) <= 50 },
    ...cutFigures('barge-in, player alone', cuts),
  ]
}
