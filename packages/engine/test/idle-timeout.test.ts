import { expect, it } from 'vitest'
import { createIdleTimeout } from '../src/idle-timeout.ts'
import { createManualClock } from '../../../test/fakes/manual-clock.ts'

function waiting(allowedMs: number | null = 5_000) {
  const clock = createManualClock()
  const state = { allowedMs, position: 0 }
  const timeouts: number[] = []
  const idle = createIdleTimeout({ clock, idleMs: () => state.allowedMs, position: () => state.position, onTimeout: from => timeouts.push(from) })
  return { clock, state, timeouts, idle }
}

it('counts from the end of playing, and knows where the buffer ended then', async () => {
  const { clock, state, timeouts, idle } = waiting()
  idle.responseEnded(clock.nowMs() + 3_000)
  state.position = 100
  await clock.advance(3_000)
  state.position = 200
  await clock.advance(4_999)
  expect(timeouts).toEqual([])
  await clock.advance(1)
  expect(timeouts).toEqual([100])
  await clock.advance(60_000)
  expect(timeouts).toEqual([100])
  expect(clock.pendingTimers).toBe(0)
})

it('counts from now when nothing has to be played', async () => {
  const { clock, timeouts, idle } = waiting()
  idle.responseEnded(clock.nowMs() - 10)
  await clock.advance(5_000)
  expect(timeouts).toEqual([0])
})

it('waits for nothing once somebody speaks', async () => {
  const { clock, timeouts, idle } = waiting()
  idle.responseEnded(clock.nowMs() + 1_000)
  await clock.advance(2_000)
  idle.stop()
  await clock.advance(60_000)
  expect(timeouts).toEqual([])
})

it('takes a change of the time allowed into account, also one that comes while it waits', async () => {
  const { clock, state, timeouts, idle } = waiting(null)
  idle.responseEnded(clock.nowMs())
  await clock.advance(6_000)
  state.allowedMs = 8_000
  idle.reconsider()
  await clock.advance(1_999)
  expect(timeouts).toEqual([])
  await clock.advance(1)
  expect(timeouts).toEqual([0])
})
