import { describe, expect, it } from 'vitest'
import { createFakePage, nothingOpen } from '../../fakes/fake-page.ts'
import { createFakeStages, createScriptedTranscriber } from '../../fakes/fake-stages.ts'
import { createEngineTransport, engineOf } from '../../fakes/engine-transport.ts'
import type { EngineTransport } from '../../fakes/engine-transport.ts'
import { createPageTime } from '../../fakes/page-time.ts'

/** The whole path without a browser and a network: voice session, adapter and the real engine, 40 ms at a time. */
function setup(lines = ['go forward ten meters']) {
  const time = createPageTime()
  const engine = engineOf(createFakeStages({ transcriber: createScriptedTranscriber(lines) }), { nowMs: time.nowMs, setTimer: time.setTimer })
  const lineOf: EngineTransport[] = []
  const page = createFakePage({ time, openTransport: () => {
    lineOf.push(createEngineTransport(engine))
    return lineOf.at(-1)!
  } })

  /** So much time passes, in which the user says something (or nothing) and the player plays. */
  async function pass(ms: number, loudness = 0) {
    for (let done = 0; done < ms; done += 40) {
      page.microphone.speak(40, loudness)
      await time.advance(40)
      page.players.at(-1)?.playMs(40)
      // The engine works in turns of the event loop, not in time.
      for (let i = 0; i < 6; i++) await time.settle()
    }
  }
  async function until(state: string, maxMs = 8000) {
    for (let waited = 0; page.state !== state && waited < maxMs; waited += 40) await pass(40)
    expect(page.state).toBe(state)
  }
  return { page, time, pass, until, get line() { return lineOf.at(-1)! } }
}
const LOUD = 9000

async function listening(call: ReturnType<typeof setup>) {
  void call.page.session.start()
  call.page.microphone.allow()
  await call.until('listening')
}

describe('a conversation with the engine', () => {
  it('hears a spoken turn, answers it aloud, and listens again', async () => {
    const call = setup()
    await listening(call)
    await call.pass(1500, LOUD)
    await call.until('speaking')
    await call.until('listening', 20_000)
    expect(call.page.texts).toEqual(['user: go forward ten meters', 'assistant: You said: go forward ten meters. Is that right?'])
    const [user, assistant] = call.page.session.snapshot.turns
    expect(assistant!.heardChars).toBe(assistant!.segment.text.length)
    expect(user!.durationMs).toBeGreaterThan(1000)
    expect(assistant!.startedAtMs).toBeGreaterThan(user!.startedAtMs + user!.durationMs! - 600)
    expect(call.page.states).toEqual(['permission', 'connecting', 'listening', 'user-speaking', 'thinking', 'speaking', 'listening'])
  })

  it('is interrupted by speech: silent at once, cut where it was heard, and the next turn is answered', async () => {
    const call = setup(['tell me a story', 'never mind'])
    await listening(call)
    await call.pass(1500, LOUD)
    await call.until('speaking')
    await call.pass(2000)
    await call.pass(1500, LOUD)
    expect(call.page.state).toBe('user-speaking')
    await call.until('speaking')
    const story = call.page.session.snapshot.turns[1]!
    expect(story.segment.cut).toMatchObject({ by: 'barge_in' })
    expect(story.segment.cut!.heardMs).toBeGreaterThan(1900)
    expect(story.segment.cut!.heardMs).toBeLessThan(3000)
    expect(story.heardChars).toBeLessThan(story.segment.text.length)
    expect(call.page.texts.at(-1)).toContain('never mind')
  })

  it('waits while the floor is held, pauses and all, and answers one turn when it is given back', async () => {
    const call = setup(['first this and then that', 'something else'])
    await listening(call)
    call.page.session.hold(true)
    await call.pass(1200, LOUD)
    await call.pass(2000)
    expect(call.page.state).toBe('held')
    await call.pass(1200, LOUD)
    call.page.session.hold(false)
    await call.until('speaking')
    expect(call.page.texts.filter(text => text.startsWith('user:'))).toEqual(['user: first this and then that'])
    await call.until('listening', 20_000)
    // The server's own turn detection is back.
    await call.pass(1500, LOUD)
    await call.until('speaking')
    expect(call.page.texts.filter(text => text.startsWith('user:'))).toHaveLength(2)
    expect(call.page.session.snapshot.trouble).toBeUndefined()
  })

  it('starts by holding, and what was said before the line was up is answered', async () => {
    const call = setup()
    call.page.session.hold(true)
    call.page.microphone.allow()
    for (let i = 0; i < 20; i++) await Promise.resolve()
    call.page.microphone.speak(1200, LOUD)
    await call.pass(400, LOUD)
    call.page.session.hold(false)
    await call.until('speaking')
    expect(call.page.texts[0]).toBe('user: go forward ten meters')
  })

  it('takes a slip of the finger on the hold key for nothing', async () => {
    const call = setup()
    await listening(call)
    call.page.session.hold(true)
    await call.pass(80)
    call.page.session.hold(false)
    await call.pass(2000)
    expect(call.page.state).toBe('listening')
    expect(call.page.session.snapshot.turns).toEqual([])
  })

  it('answers a turn that the user ended by muting', async () => {
    const call = setup()
    await listening(call)
    await call.pass(1500, LOUD)
    call.page.session.setMuted(true)
    await call.until('speaking')
    expect(call.page.texts[0]).toBe('user: go forward ten meters')
  })

  it('answers typed text without a microphone, and stops for the next', async () => {
    const call = setup()
    call.page.session.say('tell me a story')
    await call.until('speaking')
    await call.pass(800)
    call.page.session.say('thank you')
    await call.until('thinking')
    await call.until('speaking')
    await call.until('listening', 20_000)
    expect(call.page.texts.filter(text => text.startsWith('user:'))).toEqual(['user: tell me a story', 'user: thank you'])
    expect(call.page.texts.at(-1)).toContain('thank you')
    expect(call.page.session.snapshot.trouble).toBeUndefined()
    call.page.session.end()
    await call.time.settle()
    expect(call.line.isClosed).toBe(true)
    expect(call.page.leftOpen).toEqual(nothingOpen)
  })

  it('falls silent at the interrupt button, and says nothing more of it', async () => {
    const call = setup(['tell me a story'])
    await listening(call)
    await call.pass(1500, LOUD)
    await call.until('speaking')
    await call.pass(1000)
    call.page.session.interrupt()
    const heardMs = [...call.page.player.heardMs.values()].at(-1)
    await call.pass(3000)
    expect(call.page.state).toBe('listening')
    expect([...call.page.player.heardMs.values()].at(-1)).toBe(heardMs)
    expect(call.line.sent.filter(({ type }) => type === 'conversation.item.truncate')).toHaveLength(1)
  })
})
