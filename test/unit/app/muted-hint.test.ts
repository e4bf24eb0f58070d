import { describe, expect, it } from 'vitest'
import { createFakePage, nothingOpen } from '../../fakes/fake-page.ts'
import type { FakePage } from '../../fakes/fake-page.ts'

const FRAME_MS = 40
const quiet = 0.001
const voice = 0.05

async function muted() {
  const page = createFakePage()
  await page.talk()
  page.session.setMuted(true)
  await page.time.settle()
  return page
}

/** How loud it is, frame by frame; @returns after how many ms the hint was there. */
async function murmur(page: FakePage, ms: number, level: number | ((frame: number) => number)): Promise<number | undefined> {
  let shownMs: number | undefined
  for (let frame = 0; frame * FRAME_MS < ms; frame++) {
    page.microphone.murmur(typeof level === 'number' ? level : level(frame))
    await page.time.advance(FRAME_MS)
    if (page.session.snapshot.mutedHint) shownMs ??= (frame + 1) * FRAME_MS
  }
  return shownMs
}

describe('talking while muted', () => {
  it('is noticed after about a second of voice, and nothing of it goes to the line', async () => {
    const page = await muted()
    expect(await murmur(page, 2000, quiet)).toBeUndefined()
    expect(await murmur(page, 3000, voice)).toBeGreaterThanOrEqual(900)
    expect(page.session.snapshot.mutedHint).toBe(true)
    expect(page.heardByServer).toEqual([])
  })

  it('is noticed with the pauses that people make', async () => {
    const page = await muted()
    expect(await murmur(page, 4000, frame => frame % 12 < 8 ? voice : quiet)).toBeLessThan(2200)
  })

  it.each([
    ['a quiet room', () => quiet],
    ['a fan that is as loud as a voice', () => voice],
    ['a cough', (frame: number) => frame >= 50 && frame < 62 ? 0.3 : quiet],
    ['keys', (frame: number) => frame % 6 === 0 ? 0.1 : quiet],
  ])('is not %s', async (_what, level) => {
    expect(await murmur(await muted(), 8000, level)).toBeUndefined()
  })

  it('is told for six seconds and not again soon, however long somebody talks', async () => {
    const page = await muted()
    const talking = (frame: number) => frame % 12 < 8 ? voice : quiet
    let shown = 0
    let times = 0
    for (let frame = 0; frame * FRAME_MS < 30_000; frame++) {
      const before = page.session.snapshot.mutedHint ?? false
      await murmur(page, FRAME_MS, talking(frame))
      if (page.session.snapshot.mutedHint) shown += FRAME_MS
      if (page.session.snapshot.mutedHint && !before) times++
    }
    expect(times).toBe(2)
    expect(Math.abs(shown / times - 6000)).toBeLessThan(200)
  })

  it('is no longer told once unmuted, or when the call is over', async () => {
    for (const stop of [(page: FakePage) => page.session.setMuted(false), (page: FakePage) => page.session.end()]) {
      const page = await muted()
      await murmur(page, 4000, frame => frame % 12 < 8 ? voice : quiet)
      expect(page.session.snapshot.mutedHint).toBe(true)
      stop(page)
      await page.time.advance(FRAME_MS)
      expect(page.session.snapshot.mutedHint).toBe(false)
      page.session.end()
      await page.time.settle()
      expect(page.leftOpen).toEqual(nothingOpen)
    }
  })
})
