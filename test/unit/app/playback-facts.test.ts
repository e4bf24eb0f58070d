import { describe, expect, it } from 'vitest'
import { playbackFacts } from '../../../app/voice/playback-facts.ts'
import { createFakePage } from '../../fakes/fake-page.ts'

const stats = { underruns: 2, refusedMs: 40, moves: 1 }

describe('how well it was played', () => {
  it('is the player\'s count, and the browser\'s where it counts', () => {
    expect(playbackFacts(undefined, {})).toBeUndefined()
    expect(playbackFacts(stats, undefined)).toEqual({ ranOut: 2, refusedMs: 40, moves: 1 })
    expect(playbackFacts(stats, { playbackStats: { underrunEvents: 3 } })).toEqual({ ranOut: 2, refusedMs: 40, moves: 1, deviceGaps: 3 })
    expect(playbackFacts(stats, { playbackStats: {} })).not.toHaveProperty('deviceGaps')
  })

  it('is shown with what was heard, stays after the call, and begins anew with the next', async () => {
    const page = createFakePage()
    await page.talk()
    expect(page.session.snapshot.playback).toBeUndefined()
    page.server.replyStarts('r1', 'a1', null)
    page.server.audio('r1', 'a1', 1000)
    page.player.playMs(200)
    page.player.starve()
    page.player.playMs(200)
    await page.time.settle()
    await page.time.advance(40)
    expect(page.session.snapshot.playback).toEqual({ ranOut: 1, refusedMs: 0, moves: 0 })
    page.session.end()
    await page.time.settle()
    expect(page.session.snapshot.playback).toMatchObject({ ranOut: 1 })
    await page.talk()
    expect(page.session.snapshot.playback).toBeUndefined()
  })
})
