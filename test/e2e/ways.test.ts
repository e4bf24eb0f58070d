import type { Server } from 'node:http'
import { fileURLToPath } from 'node:url'
import { floatToPcm16, pcm16ToBytes } from '@kaiwa/audio'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { launchChromium } from '../fakes/chromium.ts'
import type { AudioPage, PlaybackStep } from './harness/audio-page.ts'
import { servePage } from './harness/serve-page.ts'
import { findBlock, inWords, largestClickDb, largestSeamDb, markedVoice, readBlocks, soundingStretches } from './marked-blocks.ts'
import { inOrder } from './marked-runs.ts'

const WIRE_RATE = 24_000
const BLOCKS = 150

describe('another way to the ear in mid-answer', () => {
  let server: Server
  let browser: Browser
  let page: Page
  const voice = Buffer.from(pcm16ToBytes(floatToPcm16(markedVoice(WIRE_RATE, BLOCKS)))).toString('base64')

  beforeAll(async () => {
    const served = await servePage(fileURLToPath(new URL('./harness/audio-page.ts', import.meta.url)))
    server = served.server
    browser = await launchChromium()
    page = await browser.newPage()
    await page.goto(served.url)
    await page.click('button')
  })
  afterAll(async () => {
    await browser?.close()
    server?.close()
  })

  async function heardWith(...changes: PlaybackStep[]) {
    const steps: PlaybackStep[] = [{ atMs: 0, do: 'play', segmentId: 'a', from: 0, to: WIRE_RATE * 3 }, { atMs: 1, do: 'end', segmentId: 'a' }, ...changes]
    const { tapped, contextRate } = await page.evaluate(([samples, schedule]) =>
      (globalThis as unknown as { audioPage: AudioPage }).audioPage.playback(samples, schedule, 3600), [voice, steps] as const)
    return { samples: new Float32Array(Uint8Array.from(Buffer.from(tapped, 'base64')).buffer), sampleRate: contextRate }
  }

  it('to a like one is not heard at all', async () => {
    const { samples, sampleRate } = await heardWith({ atMs: 900, do: 'return', segmentId: 'a' }, { atMs: 1503, do: 'return', segmentId: 'a' })
    const blocks = readBlocks(samples, sampleRate, findBlock(samples, sampleRate)).slice(0, BLOCKS)
    expect(blocks, inWords(blocks)).toEqual(inOrder(BLOCKS))
    expect(largestClickDb(samples, sampleRate), 'dB at the largest click').toBeLessThan(-40)
  })

  it('and back begins and ends without a click', async () => {
    const { samples, sampleRate } = await heardWith({ atMs: 907, do: 'leave', segmentId: 'a' }, { atMs: 1511, do: 'return', segmentId: 'a' })
    const stretches = soundingStretches(samples, sampleRate)
    expect(stretches.length, 'it was away').toBeGreaterThan(1)
    expect(largestSeamDb(samples, stretches), 'dB at the largest seam').toBeLessThan(-40)
    expect(largestClickDb(samples, sampleRate), 'dB at the largest click').toBeLessThan(-40)
  })
})
