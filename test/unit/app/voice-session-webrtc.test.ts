import { describe, expect, it } from 'vitest'
import { createFakePage, nothingOpen } from '../../fakes/fake-page.ts'
import type { FakePage } from '../../fakes/fake-page.ts'

/** The element plays on. */
async function plays(page: FakePage, ms: number) {
  for (let passed = 0; passed < ms; passed += 50) {
    page.element.currentTime += 0.05
    await page.time.advance(50)
  }
}

/** A question, and an answer of which so much was played. */
async function answered(page: FakePage, playedMs: number) {
  await page.talk()
  page.transport.speak({} as MediaStream)
  page.server.speechStarted('u1', 0)
  page.server.speechStopped('u1', null, 1000)
  page.server.replyStarts('r1', 'a1', 'u1')
  page.server.words('r1', 'a1', 'One two three four five six seven eight.')
  page.server.userTranscript('u1', 'Count, please.')
  page.server.sends('r1', 'started')
  await plays(page, playedMs)
}
const sentTypes = (page: FakePage) => page.transport.sent.map(({ type }) => type)

describe('a call whose transport carries the voices', () => {
  it('goes through a turn as over the socket, and sends no sound as events', async () => {
    const page = createFakePage({ media: true })
    await answered(page, 1000)
    expect(page.state).toBe('speaking')
    page.server.replyEnds('r1', 'a1', 'One two three four five six seven eight.')
    page.server.sends('r1', 'stopped')
    await plays(page, 400)
    expect(page.states).toEqual(['permission', 'connecting', 'listening', 'user-speaking', 'thinking', 'speaking', 'listening'])
    expect(page.texts).toEqual(['user: Count, please.', 'assistant: One two three four five six seven eight.'])
    expect(page.session.snapshot.turns[1]).toMatchObject({ heard: { heardMs: 1000, complete: true }, heardChars: 40, durationMs: 1000 })
    expect(sentTypes(page)).not.toContain('input_audio_buffer.append')
  })

  it('carries the microphone’s track once line and microphone are there, and begins with what was said before', async () => {
    const page = createFakePage({ media: true })
    void page.session.start()
    page.microphone.allow()
    await page.time.settle()
    expect(page.microphone.track.passing).toBe(false)
    page.server.open()
    expect(page.transport.carried).toMatchObject({ id: 'track1' })
    expect(page.microphone.track.passing).toBe(true)
  })

  it('carries nothing while muted, and another microphone after a change', async () => {
    const page = createFakePage({ media: true })
    await page.talk()
    page.session.setMuted(true)
    expect(page.microphone.track.passing).toBe(false)
    page.session.configure({ microphoneId: 'other' })
    page.microphone.allow()
    await page.time.settle()
    expect(page.transport.carried).toMatchObject({ id: 'track2' })
    expect(page.microphone.track.passing).toBe(false)
    page.session.setMuted(false)
    expect(page.microphone.track.passing).toBe(true)
  })

  it('is interrupted by cancelling and clearing, silent at once, cut where it was heard, and truncates nothing', async () => {
    const page = createFakePage({ media: true })
    await answered(page, 1000)
    page.session.interrupt()
    expect(page.element.muted).toBe(true)
    await page.time.settle()
    expect(page.state).toBe('interrupted')
    expect(sentTypes(page).slice(-2)).toEqual(['response.cancel', 'output_audio_buffer.clear'])
    expect(sentTypes(page)).not.toContain('conversation.item.truncate')
    const { segment, heardChars } = page.session.snapshot.turns[1]!
    expect(segment.cut).toMatchObject({ by: 'user' })
    expect(segment.cut!.heardMs).toBeGreaterThan(700)
    expect(segment.cut!.heardMs).toBeLessThan(950)
    expect(heardChars).toBeLessThan(segment.text.length)
    page.server.truncated('a1', 1010)
    await page.time.settle()
    expect(page.session.snapshot.turns[1]!.segment.cut).toEqual({ by: 'user', heardMs: 1010 })
  })

  it('tells the way, how well it goes, and that a voice can’t wait there', async () => {
    const page = createFakePage({ media: true })
    await page.talk()
    expect(page.session.snapshot).toMatchObject({ route: { kind: 'webrtc' }, network: { roundTripMs: 38 }, line: { capabilities: { voiceWaits: false } } })
  })

  it('leaves nothing behind, also in the middle of an answer', async () => {
    const page = createFakePage({ media: true })
    await answered(page, 500)
    page.session.end()
    expect(page.leftOpen).toEqual(nothingOpen)
    expect(page.element).toMatchObject({ paused: true, srcObject: null })
  })
})

describe('a call that goes on over the socket', () => {
  it('keeps the conversation, tells the new session what was said, and sends what was said meanwhile', async () => {
    const page = createFakePage({ media: true })
    await answered(page, 1000)
    page.microphone.speak(4000, 1)
    page.transport.move(1000)
    await page.time.settle()
    expect(page.state).toBe('reconnecting')
    expect(page.element.muted).toBe(true)
    expect(page.microphone.track.passing).toBe(false)
    page.microphone.speak(400, 2)
    page.server.open()
    await page.time.settle()

    const [recalled] = page.transport.sentOf('conversation.item.create')
    expect(recalled).toMatchObject({ item: { id: 'u1', role: 'user', content: [{ type: 'input_text', text: 'Count, please.' }] } })
    expect(sentTypes(page)).not.toContain('response.create')
    page.microphone.speak(400, 3)
    // A second from before the loss was noticed, and all since.
    expect(page.heardByServer.filter((value, i, all) => value !== all[i - 1])).toEqual([1, 2, 3])
    expect(page.heardByServer.filter(value => value === 1)).toHaveLength(25)
    expect(page.texts).toEqual(['user: Count, please.', 'assistant: One two three four five six seven eight.'])
    expect(page.session.snapshot.turns[1]!.segment).toMatchObject({ open: false, cut: { by: 'server' } })
    expect(page.session.snapshot).toMatchObject({ state: { name: 'listening' }, route: { kind: 'websocket', instead: 'lost' } })
  })

  it('speaks there as it always did', async () => {
    const page = createFakePage({ media: true })
    await page.talk()
    page.transport.move(0)
    page.server.open()
    page.server.replyStarts('r2', 'a2', null)
    page.server.audio('r2', 'a2', 400)
    page.player.playMs(400)
    await page.time.settle()
    expect(page.state).toBe('speaking')
    page.session.end()
    expect(page.leftOpen).toEqual(nothingOpen)
  })

  it('is the same before there was a line at all: nothing is shown, nothing is lost', async () => {
    const page = createFakePage({ media: true })
    void page.session.start()
    page.microphone.allow()
    await page.time.settle()
    page.microphone.speak(1000, 1)
    page.transport.move(0)
    page.server.open()
    await page.time.settle()
    expect(page.states).toEqual(['permission', 'connecting', 'listening'])
    expect(page.heardByServer).toHaveLength(25)
  })
})
