import { fileURLToPath } from 'node:url'
import { floatToPcm16, pcm16ToBytes } from '@kaiwa/audio'
import { launchChromium } from '../../test/fakes/chromium.ts'
import type { AudioPage, PlaybackStep } from '../../test/e2e/harness/audio-page.ts'
import { servePage } from '../../test/e2e/harness/serve-page.ts'
import { markedVoice } from '../../test/e2e/marked-blocks.ts'
import type { Figure } from './figure.ts'

const WIRE_RATE = 24_000
/** The pages' clock that says when it asked counts the tap's messages, ten quanta each. */
const ATTEMPTS_MS = [510, 730, 1020, 1290, 1750]

/** The player alone in a real browser, with a tap behind it: how soon it is silent, and what it says was heard against what left it. */
export async function interruptionFigures(): Promise<Figure[]> {
  const { url, server } = await servePage(fileURLToPath(new URL('../../test/e2e/harness/audio-page.ts', import.meta.url)))
  const browser = await launchChromium()
  const silences: number[] = []
  const errors: number[] = []
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
      errors.push(result.interruption!.heardMs - (msOf(to - from) - result.latencyMs))
    }
  } finally {
    await browser.close()
    server.close()
  }
  const [least, most] = [Math.min(...errors), Math.max(...errors)]
  return [
    { what: 'barge-in: silence after the event', measured: `${Math.max(...silences).toFixed(0)} ms at worst of ${silences.length}`, goal: '≤ 50 ms', met: Math.max(...silences) <= 50 },
    { what: 'barge-in: told − heard', measured: `${least.toFixed(1)} to ${most.toFixed(1)} ms`, goal: '−20 to 0 ms', met: least >= -20 && most <= 0 },
  ]
}
