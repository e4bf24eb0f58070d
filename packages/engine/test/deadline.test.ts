import { describe, expect, it } from 'vitest'
import { createManualClock, settled } from '../../../test/fakes/manual-clock.ts'
import { Abandoned, pieces, within } from '../src/deadline.ts'
import { createPace } from '../src/pace.ts'
import { StageError } from '../src/stages.ts'

const never = new Promise<never>(() => {})

describe('waiting for a stage', () => {
  it('gives its result, and leaves no timer behind', async () => {
    const clock = createManualClock()
    await expect(within(Promise.resolve(7), { clock, stage: 'stt', withinMs: 1000 })).resolves.toBe(7)
    expect(clock.pendingTimers).toBe(0)
  })

  it('gives up after the time', async () => {
    const clock = createManualClock()
    const outcome = within(never, { clock, stage: 'tts', withinMs: 1000 }).catch((error: unknown) => error)
    await clock.advance(1000)
    expect(await outcome).toMatchObject({ name: 'StageError', stage: 'tts', message: 'tts did not answer within 1000 ms' })
  })

  it('hides what a stage threw behind a sentence of its own', async () => {
    const clock = createManualClock()
    const error = await within(Promise.reject(new Error('/secret/path')), { clock, stage: 'vad', withinMs: 1000 }).catch((cause: unknown) => cause)
    expect(error).toBeInstanceOf(StageError)
    expect((error as StageError).message).toBe('vad failed')
  })

  it('stops waiting when nobody wants the result any more', async () => {
    const clock = createManualClock()
    const abort = new AbortController()
    const outcome = within(never, { clock, stage: 'vad', withinMs: 1000, signal: abort.signal }).catch((error: unknown) => error)
    abort.abort()
    expect(await outcome).toBeInstanceOf(Abandoned)
    expect(clock.pendingTimers).toBe(0)
  })

  it('tells a stream to stop when its reader leaves', async () => {
    const clock = createManualClock()
    let stopped = false
    async function* stream() {
      try {
        while (true) yield 1
      } finally {
        stopped = true
      }
    }
    for await (const piece of pieces(stream, { clock, stage: 'tts', withinMs: 1000 })) if (piece) break
    await settled()
    expect(stopped).toBe(true)
  })

  it('gives each piece of a stream the whole time', async () => {
    const clock = createManualClock()
    async function* stream() {
      yield 'a'
      await never
    }
    const reader = pieces(stream, { clock, stage: 'responder', withinMs: 1000 })
    expect((await reader.next()).value).toBe('a')
    const outcome = reader.next().catch((error: unknown) => error)
    await clock.advance(1000)
    expect(await outcome).toMatchObject({ name: 'StageError', stage: 'responder' })
  })
})

describe('pace', () => {
  it('lets audio run ahead of real time so far and no further', async () => {
    const clock = createManualClock()
    const pace = createPace({ clock, signal: new AbortController().signal, maxLeadMs: 1000 })
    await pace.room()
    pace.sent(1500)
    let room = false
    void pace.room().then(() => { room = true })
    await clock.advance(499)
    expect(room).toBe(false)
    await clock.advance(1)
    expect(room).toBe(true)
  })

  it('wakes up to leave', async () => {
    const clock = createManualClock()
    const abort = new AbortController()
    const pace = createPace({ clock, signal: abort.signal, maxLeadMs: 0 })
    pace.sent(1000)
    const outcome = pace.room().catch((error: unknown) => error)
    abort.abort()
    expect(await outcome).toBeInstanceOf(Abandoned)
    expect(clock.pendingTimers).toBe(0)
  })
})
