import { expect, it } from 'vitest'
import { createCallClock } from '../../../app/voice/call-clock.ts'

function setup() {
  const world = { pageMs: 500, audioSeconds: undefined as number | undefined, context: {} }
  const audioClock = () => world.audioSeconds === undefined ? undefined : { of: world.context, seconds: world.audioSeconds }
  const clock = createCallClock({ pageMs: () => world.pageMs, audioClock })
  return { world, clock }
}

it('is 0 before the first call, counts during it, and stands still after it', () => {
  const { world, clock } = setup()
  world.pageMs += 100
  expect(clock.nowMs()).toBe(0)
  clock.start()
  world.pageMs += 250
  expect(clock.nowMs()).toBe(250)
  clock.stop()
  world.pageMs += 1000
  expect(clock.nowMs()).toBe(250)
  clock.start()
  expect(clock.nowMs()).toBe(0)
})

it('goes by the audio clock while it runs, without a jump when it begins or is taken away', () => {
  const { world, clock } = setup()
  clock.start()
  world.pageMs += 300
  world.audioSeconds = 7
  expect(clock.nowMs()).toBeCloseTo(300)
  world.audioSeconds = 7.5
  world.pageMs += 502
  expect(clock.nowMs()).toBeCloseTo(800)
  world.audioSeconds = undefined
  world.pageMs += 100
  expect(clock.nowMs()).toBeCloseTo(900)
})

it('never goes backwards', () => {
  const { world, clock } = setup()
  clock.start()
  world.audioSeconds = 5
  clock.nowMs()
  world.audioSeconds = 6
  expect(clock.nowMs()).toBeCloseTo(1000)
  world.audioSeconds = 0
  expect(clock.nowMs()).toBeCloseTo(1000)
})

it('goes on without a jump when the call gets another audio clock', () => {
  const { world, clock } = setup()
  clock.start()
  world.audioSeconds = 100
  clock.nowMs()
  world.audioSeconds = 101
  world.pageMs += 1000
  expect(clock.nowMs()).toBeCloseTo(1000)
  world.context = {}
  world.audioSeconds = 0.1
  world.pageMs += 2000
  expect(clock.nowMs()).toBeCloseTo(3000)
})
