import { describe, expect, it } from 'vitest'
import { createHush } from '../../../app/voice/element-hush.ts'
import { createManualClock } from '../../fakes/manual-clock.ts'

function setup() {
  const clock = createManualClock()
  const element = { volume: 1 }
  const track = { enabled: true }
  const hush = createHush({ element, stream: { getTracks: () => [track] } as unknown as MediaStream, setTimer: clock.setTimer })
  return { clock, element, track, hush }
}

describe('a hush', () => {
  it('goes down in steps within 20 ms, is silent to the last sample, and is over after its time', async () => {
    const { clock, element, track, hush } = setup()
    hush.begin(150)
    expect(element.volume).toBeLessThan(0.5)
    const levels: number[] = []
    for (let ms = 0; ms < 20; ms++) {
      levels.push(element.volume)
      await clock.advance(1)
    }
    expect(levels.toSorted((a, b) => b - a)).toEqual(levels)
    expect([element.volume, track.enabled]).toEqual([0, false])
    await clock.advance(120)
    expect(track.enabled).toBe(false)
    await clock.advance(20)
    expect([element.volume, track.enabled]).toEqual([1, true])
  })

  it('begun anew lasts from then on', async () => {
    const { clock, track, hush } = setup()
    hush.begin(100)
    await clock.advance(80)
    hush.begin(100)
    await clock.advance(80)
    expect(track.enabled).toBe(false)
    await clock.advance(30)
    expect(track.enabled).toBe(true)
  })

  it('is over when it is closed', async () => {
    const { clock, element, track, hush } = setup()
    hush.begin(100)
    await clock.advance(30)
    hush.close()
    expect([element.volume, track.enabled]).toEqual([1, true])
    await clock.advance(500)
    expect([element.volume, track.enabled]).toEqual([1, true])
  })
})
