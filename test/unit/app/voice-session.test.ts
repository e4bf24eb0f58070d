import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Trouble } from '../../../app/voice/call.ts'
import { createFakePage, nothingOpen } from '../../fakes/fake-page.ts'
import type { FakePage } from '../../fakes/fake-page.ts'
import { createFakePlayer } from '../../fakes/fake-player.ts'

const denied = { code: 'mic_denied', detail: 'NotAllowedError' } as const

/** The user asks, the answer is heard to `heardMs` of its 2 s. */
async function answered(page: FakePage, heardMs: number) {
  await page.talk()
  page.server.speechStarted('u1', 0)
  page.microphone.speak(1000)
  page.server.speechStopped('u1', null, 1000)
  page.server.replyStarts('r1', 'a1', 'u1')
  page.server.words('r1', 'a1', 'One two three four five six seven eight.')
  page.server.audio('r1', 'a1', 2000)
  page.player.playMs(heardMs)
  await page.time.settle()
}

describe('a spoken turn', () => {
  it('goes from the click to the answer, and back to listening', async () => {
    const page = createFakePage()
    const { session, time, microphone } = page
    const started = session.start()
    expect(page.state).toBe('permission')
    microphone.allow()
    await time.settle()
    expect(page.state).toBe('connecting')
    page.server.open()
    await started
    expect(session.snapshot).toMatchObject({ microphone: 'on', line: { model: 'test-model', voice: 'marin' } })
    page.server.speechStarted('u1')
    page.server.speechStopped('u1', null)
    page.server.replyStarts('r1', 'a1', 'u1')
    page.server.words('r1', 'a1', 'Good evening.')
    page.server.audio('r1', 'a1', 400)
    page.server.userTranscript('u1', 'Hello?')
    page.server.replyEnds('r1', 'a1', 'Good evening.')
    expect(page.state).toBe('thinking')
    page.player.playMs(200)
    expect(page.state).toBe('speaking')
    page.player.playMs(200)
    await time.settle()
    expect(page.states).toEqual(['permission', 'connecting', 'listening', 'user-speaking', 'thinking', 'speaking', 'listening'])
    expect(page.texts).toEqual(['user: Hello?', 'assistant: Good evening.'])
    expect(session.snapshot.turns[1]).toMatchObject({ heard: { heardMs: 400, complete: true }, heardChars: 'Good evening.'.length, durationMs: 400 })
  })

  it('sends the first word although the line took 5 s, in order, and every sample once', async () => {
    const page = createFakePage()
    void page.session.start()
    page.microphone.allow()
    await page.time.settle()
    for (let word = 1; word <= 5; word++) {
      page.microphone.speak(1000, word)
      await page.time.advance(1000)
    }
    expect(page.transport.sent).toEqual([])
    page.server.open()
    page.microphone.speak(40, 6)
    expect(page.heardByServer.filter((value, i, all) => value !== all[i - 1])).toEqual([1, 2, 3, 4, 5, 6])
    expect(page.heardByServer).toHaveLength(126)
  })

  it('keeps what the browser can not send yet in the encoder, and sends it when there is room', async () => {
    const page = createFakePage()
    await page.talk()
    page.microphone.speak(40, 1)
    page.transport.unsentBytes = 100_000
    page.microphone.speak(400, 2)
    expect(page.heardByServer).toEqual([1])
    page.transport.unsentBytes = 0
    page.microphone.speak(40, 3)
    expect(page.heardByServer).toEqual([1, ...Array.from({ length: 10 }, () => 2), 3])
  })

  it('places the user\'s turn where it was spoken, although the server counts only what it was sent', async () => {
    const page = createFakePage()
    await page.talk()
    const said = async (ms: number) => {
      for (let done = 0; done < ms; done += 40) {
        await page.time.advance(40)
        page.microphone.speak(40)
      }
    }
    await said(1000)
    page.session.setMuted(true)
    await said(5000)
    page.session.setMuted(false)
    await said(1000)
    page.server.speechStarted('u1', 1200)
    await page.time.settle()
    expect(page.session.snapshot.turns[0]!.startedAtMs).toBeGreaterThan(6150)
    expect(page.session.snapshot.turns[0]!.startedAtMs).toBeLessThan(6250)
  })
})

describe('a typed turn', () => {
  it('opens a line without a microphone, and the answer is heard', async () => {
    const page = createFakePage()
    page.session.say('  What time is it? ')
    await page.time.settle()
    page.server.open()
    await page.time.settle()
    const [create] = page.transport.sentOf('conversation.item.create')
    expect(create).toMatchObject({ item: { role: 'user', content: [{ type: 'input_text', text: 'What time is it?' }] } })
    expect(page.transport.sentOf('response.create')).toHaveLength(1)
    page.server.echoTyped(create!.item.id!, null, 'What time is it?')
    page.server.replyStarts('r1', 'a1', create!.item.id!)
    page.server.audio('r1', 'a1', 400)
    page.server.replyEnds('r1', 'a1', 'Late.')
    page.player.playMs(100)
    await page.time.settle()
    expect(page.state).toBe('speaking')
    expect(page.microphone.prompts).toBe(0)
    expect(page.session.snapshot.microphone).toBe('off')
    expect(page.texts).toEqual(['user: What time is it?', 'assistant: Late.'])
    expect(page.session.snapshot.turns[0]!.durationMs).toBeUndefined()
  })

  it('ignores empty text', () => {
    const page = createFakePage()
    page.session.say('   ')
    expect(page.state).toBe('idle')
  })

  it('stops the answer that is being heard, and tells how much of it was, before it asks the next', async () => {
    const page = createFakePage()
    await answered(page, 500)
    page.session.say('Stop, something else')
    await page.time.settle()
    const types = page.transport.sent.map(({ type }) => type).filter(type => type !== 'input_audio_buffer.append')
    expect(types.indexOf('conversation.item.truncate')).toBeGreaterThanOrEqual(0)
    expect(types.indexOf('conversation.item.truncate')).toBeLessThan(types.indexOf('conversation.item.create'))
    expect(types.indexOf('response.cancel')).toBeLessThan(types.indexOf('conversation.item.create'))
    expect(page.state).toBe('thinking')
  })
})

describe('talking over the answer', () => {
  it('falls silent, truncates at what was heard, keeps the transcript and drops what still arrives', async () => {
    const page = createFakePage()
    await answered(page, 700)
    page.server.speechStarted('u2', 1200)
    expect(page.state).toBe('interrupted')
    page.server.audio('r1', 'a1', 300, 99)
    await page.time.settle()
    page.server.audio('r1', 'a1', 300, 99)
    page.server.replyEnds('r1', 'a1', 'One two three four five six seven eight.', 'turn_detected')
    await page.time.settle()
    expect(page.transport.sentOf('conversation.item.truncate')).toMatchObject([{ item_id: 'a1', audio_end_ms: 700 }])
    expect(page.transport.sentOf('response.cancel')).toEqual([])
    expect(page.player.given.some(({ value }) => value === 99)).toBe(false)
    page.server.truncated('a1', 700)
    await page.time.settle()
    const cut = page.session.snapshot.turns.find(({ segment }) => segment.id === 'a1')!
    expect(cut.segment).toMatchObject({ text: 'One two three four five six seven eight.', cut: { by: 'barge_in', heardMs: 700 } })
    expect(cut.heardChars).toBeGreaterThan(0)
    expect(cut.heardChars).toBeLessThan(cut.segment.text.length)
    await page.time.advance(700)
    expect(page.state).toBe('user-speaking')
  })

  it('truncates although the answer had been complete long before it was heard', async () => {
    const page = createFakePage()
    await answered(page, 300)
    page.server.replyEnds('r1', 'a1', 'One two three four five six seven eight.')
    page.player.playMs(200)
    page.server.speechStarted('u2', 1200)
    await page.time.settle()
    expect(page.transport.sentOf('conversation.item.truncate')).toMatchObject([{ item_id: 'a1', audio_end_ms: 500 }])
  })

  it('answers the next question aloud', async () => {
    const page = createFakePage()
    await answered(page, 300)
    page.server.speechStarted('u2', 1200)
    await page.time.settle()
    page.server.replyEnds('r1', 'a1', 'One two', 'turn_detected')
    page.server.speechStopped('u2', 'a1', 2000)
    page.server.replyStarts('r2', 'a2', 'u2')
    page.server.audio('r2', 'a2', 400, 5)
    page.player.playMs(100)
    expect(page.state).toBe('speaking')
    expect(page.player.given.at(-1)).toEqual({ segmentId: 'a2', value: 5 })
  })
})

describe('the interrupt button', () => {
  it('cancels the response and truncates at what was heard', async () => {
    const page = createFakePage()
    await answered(page, 400)
    page.session.interrupt()
    expect(page.state).toBe('interrupted')
    // The rest of the answer, before the player has said what was heard.
    page.server.audio('r1', 'a1 continued', 300, 99)
    await page.time.settle()
    expect(page.transport.sentOf('response.cancel')).toHaveLength(1)
    expect(page.transport.sentOf('conversation.item.truncate')).toMatchObject([{ item_id: 'a1', audio_end_ms: 400 }])
    page.server.audio('r1', 'a1', 300, 99)
    page.server.replyEnds('r1', 'a1', 'One two three four five six seven eight.', 'client_cancelled')
    await page.time.advance(700)
    expect(page.state).toBe('listening')
    expect(page.player.given.some(({ value }) => value === 99)).toBe(false)
  })

  it('does nothing when nothing is said', async () => {
    const page = createFakePage()
    await page.talk()
    const before = page.session.snapshot
    page.session.interrupt()
    expect(page.session.snapshot).toBe(before)
  })
})

describe('holding to talk', () => {
  it('turns the server\'s turn detection off, ends the turn when let go, and turns it on as it was', async () => {
    const page = createFakePage()
    page.session.configure({ bargeIn: 'eager' })
    await page.talk()
    page.session.hold(true)
    expect(page.state).toBe('held')
    page.microphone.speak(2000, 3)
    await page.time.advance(2000)
    page.session.hold(false)
    expect(page.state).toBe('thinking')
    await page.time.advance(40)
    page.microphone.speak(40, 4)
    await page.time.advance(200)
    const types = page.transport.sent.map(({ type }) => type)
    const control = types.filter(type => type !== 'input_audio_buffer.append')
    expect(control.slice(0, 3)).toEqual(['session.update', 'input_audio_buffer.commit', 'response.create'])
    const [off, on] = page.transport.sentOf('session.update').map(({ session }) => session.audio?.input?.turn_detection)
    expect(off).toBeNull()
    expect(on).toMatchObject({ type: 'server_vad', silence_duration_ms: 500 })
    // The end of the last word was still on its way when the key went up.
    expect(types.lastIndexOf('input_audio_buffer.append')).toBeLessThan(types.indexOf('input_audio_buffer.commit'))
    expect(page.heardByServer.at(-1)).toBe(4)
  })

  it('sends what was said before the line was up as one turn', async () => {
    const page = createFakePage()
    page.session.hold(true)
    page.microphone.allow()
    await page.time.settle()
    page.microphone.speak(1000, 3)
    await page.time.advance(1000)
    page.session.hold(false)
    page.server.open()
    await page.time.advance(200)
    const control = page.transport.sent.map(({ type }) => type).filter((type, i, all) => type !== all[i - 1])
    expect(control.slice(0, 4)).toEqual(['session.update', 'input_audio_buffer.append', 'input_audio_buffer.commit', 'response.create'])
    expect(page.heardByServer).toHaveLength(25)
  })
})

describe('a microphone in trouble', () => {
  it('says so, leaves nothing open, and typing works', async () => {
    const page = createFakePage()
    const started = page.session.start()
    page.microphone.deny(denied)
    await started
    expect(page.session.snapshot).toMatchObject({ state: { name: 'error', trouble: denied }, microphone: 'failed' })
    expect(page.leftOpen).toEqual({ ...nothingOpen, players: page.leftOpen.players })
    await page.time.settle()
    expect(page.leftOpen).toEqual(nothingOpen)
    page.session.say('Then I type')
    await page.time.settle()
    page.server.open()
    await page.time.settle()
    expect(page.session.snapshot).toMatchObject({ microphone: 'failed', trouble: denied })
    expect(page.transport.sentOf('conversation.item.create')).toHaveLength(1)
    expect(page.session.snapshot.allowed).toContain('retry')
  })

  it('can be opened again in the middle of the typed call', async () => {
    const page = createFakePage()
    void page.session.start()
    page.session.say('typed while the browser asks')
    page.microphone.deny(denied)
    await page.time.settle()
    page.server.open()
    void page.session.start()
    page.microphone.allow()
    await page.time.settle()
    page.microphone.speak(80)
    expect(page.session.snapshot).toMatchObject({ microphone: 'on' })
    expect(page.session.snapshot.trouble).toBeUndefined()
    expect(page.heardByServer).toHaveLength(2)
  })

  it('keeps the call when it is unplugged and none takes its place', async () => {
    const page = createFakePage()
    await answered(page, 100)
    page.microphone.unplug({ code: 'mic_failed', detail: 'gone' })
    await page.time.settle()
    expect(page.session.snapshot).toMatchObject({ microphone: 'on' })
    await page.time.advance(4000)
    expect(page.state).toBe('speaking')
    expect(page.session.snapshot).toMatchObject({ microphone: 'failed', trouble: { code: 'mic_failed' } })
    expect(page.session.snapshot.allowed).toContain('retry')
    expect(page.microphone.openTracks).toBe(0)
  })

  it('goes on with another microphone when it is unplugged: nothing kept is lost, the line and the answer don\'t notice', async () => {
    const page = createFakePage()
    await answered(page, 100)
    page.microphone.speak(80, 7)
    page.microphone.unplug({ code: 'mic_failed', detail: 'gone' })
    page.microphone.allow({ instead: true })
    await page.time.settle()
    page.microphone.speak(80, 9)
    expect(page.heardByServer.slice(-4)).toEqual([7, 7, 9, 9])
    expect(page.state).toBe('speaking')
    expect(page.transports).toHaveLength(1)
    expect(page.session.snapshot.trouble).toBeUndefined()
    expect(page.session.snapshot.listensWith).toMatchObject({ instead: true, quiet: false })
  })

  it('is heard again although it was given up, as soon as there is one', async () => {
    const page = createFakePage()
    await answered(page, 100)
    page.microphone.unplug({ code: 'mic_failed', detail: 'gone' })
    await page.time.advance(4000)
    expect(page.session.snapshot.microphone).toBe('failed')
    page.microphone.allow()
    await page.time.settle()
    page.microphone.speak(40, 5)
    expect(page.session.snapshot.microphone).toBe('on')
    expect(page.session.snapshot.trouble).toBeUndefined()
    expect(page.heardByServer.at(-1)).toBe(5)
  })

  it('is changed by the settings in mid-call, muted as it was', async () => {
    const page = createFakePage()
    await page.talk()
    page.session.setMuted(true)
    page.session.configure({ microphoneId: 'other' })
    page.microphone.allow()
    await page.time.settle()
    page.microphone.speak(400)
    expect(page.microphone).toMatchObject({ openTracks: 1, unmutedTracks: 0, asked: [undefined, 'other'] })
    expect(page.heardByServer).toEqual([])
    page.session.setMuted(false)
    page.microphone.speak(40, 3)
    expect(page.heardByServer).toEqual([3])
  })

  it('sends nothing while muted, and stays muted in the next call', async () => {
    const page = createFakePage()
    await page.talk()
    page.session.setMuted(true)
    page.microphone.speak(400)
    expect(page.heardByServer).toEqual([])
    page.session.end()
    await page.talk()
    page.microphone.speak(400)
    expect(page.session.snapshot.muted).toBe(true)
    expect(page.heardByServer).toEqual([])
  })

  it('gives the server the silence it waits for when the user mutes in mid-sentence', async () => {
    const page = createFakePage()
    await page.talk()
    page.microphone.speak(400, 9)
    page.server.speechStarted('u1')
    page.session.setMuted(true)
    expect(page.heardByServer.slice(10)).toHaveLength(50)
    expect(new Set(page.heardByServer.slice(10))).toEqual(new Set([0]))
  })
})

describe('sound in trouble', () => {
  it('goes on as text when the player can not be made', async () => {
    const page = createFakePage({ createPlayer: () => Promise.reject(new Error('no worklet')) })
    await page.talk()
    page.server.replyStarts('r1', 'a1', null)
    page.server.audio('r1', 'a1', 400)
    page.server.replyEnds('r1', 'a1', 'Written.')
    await page.time.settle()
    expect(page.session.snapshot).toMatchObject({ state: { name: 'listening' }, trouble: { code: 'audio_failed' } })
    expect(page.texts).toEqual(['assistant: Written.'])
    page.session.end()
    await page.time.settle()
    expect(page.leftOpen).toEqual(nothingOpen)
  })

  it('plays what came before the player was there', async () => {
    let ready: (player: ReturnType<typeof createFakePlayer>) => void = () => {}
    const page = createFakePage({ createPlayer: () => new Promise(resolve => { ready = resolve }) })
    await page.talk()
    page.server.replyStarts('r1', 'a1', null)
    page.server.audio('r1', 'a1', 400, 1)
    page.server.audio('r1', 'a1', 400, 2)
    ready(createFakePlayer())
    await page.time.settle()
    expect(page.player.given).toEqual([{ segmentId: 'a1', value: 1 }, { segmentId: 'a1', value: 2 }])
  })

  it('says that the browser holds the sound back, and takes it back when sound comes', async () => {
    let gate: () => void = () => {}
    const page = createFakePage({ resume: () => new Promise(resolve => { gate = resolve }) })
    await page.talk()
    await page.time.advance(2000)
    expect(page.session.snapshot.trouble).toMatchObject({ code: 'audio_blocked' })
    gate()
    await page.time.advance(300)
    expect(page.session.snapshot.trouble).toBeUndefined()
  })

  it('goes on as text in a browser without audio', async () => {
    const page = createFakePage({ createAudioContext: () => { throw new Error('no audio') } })
    page.session.say('hello')
    await page.time.settle()
    page.server.open()
    await page.time.settle()
    expect(page.session.snapshot).toMatchObject({ state: { name: 'thinking' }, trouble: { code: 'audio_failed' } })
  })
})

describe('a line in trouble', () => {
  const refusals: [number, string, Trouble['code']][] = [
    [0, 'network', 'server_unreachable'], [401, 'invalid_request_error.not_admitted', 'not_admitted'], [429, 'server_error.server_full', 'server_full'],
    [503, 'server_error.server_draining', 'server_draining'], [3000, 'invalid_request_error.invalid_api_key', 'key_refused'],
    [4000, 'invalid_request_error.model_not_found', 'model_unavailable'], [4000, 'rate_limit_error.insufficient_quota', 'quota_spent'],
    [1011, 'server_error.upstream_unavailable', 'upstream_unavailable'], [1011, 'server_error.engine_failed', 'engine_failed'],
    [1011, '', 'server_error'], [1006, '', 'server_unreachable'], [1001, 'server_error.call_too_long', 'call_too_long'], [4001, 'invalid_request_error.signed_out', 'signed_out'],
    [429, 'rate_limit_error.budget_spent', 'budget_spent'],
  ]
  it.each(refusals)('refused with %i %s is %s, leaves nothing open, and can be tried again', async (code, reason, expected) => {
    const page = createFakePage()
    const started = page.session.start()
    page.microphone.allow()
    await page.time.settle()
    page.transport.drop(code, reason, 'a sentence')
    await started
    await page.time.settle()
    expect(page.session.snapshot.state).toMatchObject({ name: 'error', trouble: { code: expected, detail: 'a sentence' } })
    expect(page.leftOpen).toEqual(nothingOpen)
    await page.talk()
    expect(page.state).toBe('listening')
  })

  it('gives the sentence of the error event that came before the close', async () => {
    const page = createFakePage()
    await page.talk()
    page.server.error('server_error', 'The model fell over.', 'server_error')
    page.transport.drop(1011, 'server_error.server_error')
    expect(page.session.snapshot.state).toMatchObject({ name: 'error', trouble: { code: 'server_error', detail: 'The model fell over.' } })
  })

  it('does not blame the close on a fault that the call survived', async () => {
    const page = createFakePage()
    await page.talk()
    page.server.error('server_error', 'A hiccup.', 'server_error')
    await page.time.advance(6000)
    page.transport.drop(1000)
    expect(page.state).toBe('ended')
  })

  it('keeps the turns, cut where they were heard, when it drops in the middle of an answer', async () => {
    const page = createFakePage()
    await answered(page, 600)
    page.transport.drop(1006)
    await page.time.settle()
    expect(page.state).toBe('error')
    expect(page.session.snapshot.turns[1]).toMatchObject({ heard: { heardMs: 600 }, segment: { open: false, cut: { by: 'server', heardMs: 600 } } })
    expect(page.leftOpen).toEqual(nothingOpen)
    await page.talk()
    expect(page.session.snapshot.turns.map(({ earlier }) => earlier)).toEqual([true, true])
  })

  it('gives up on a server that takes the connection and says nothing', async () => {
    const page = createFakePage()
    void page.session.start()
    page.microphone.allow()
    await page.time.settle()
    page.transport.accept()
    await page.time.advance(10_000)
    expect(page.session.snapshot.state).toMatchObject({ name: 'error', trouble: { code: 'upstream_unavailable' } })
    expect(page.leftOpen).toEqual(nothingOpen)
  })
})

describe('what the server says in its own name', () => {
  const amount = (usd: number | null) => ({
    usd, transcription_seconds: 1.5, output_tokens: { text: 3, audio: 40 },
    input_tokens: { text: 5, audio: 20, image: 0, cached_text: 2, cached_audio: 10, cached_image: 0 },
  })
  const usage = { type: 'kaiwa.usage', response_id: 'r1', model: 'm', prices_of: '2026-11-01', response: amount(0.01), call: amount(0.02), day: amount(0.03) }

  it('shows what the answer, the call and the day took', async () => {
    const page = createFakePage()
    await page.talk()
    expect(page.session.snapshot.usage).toBeUndefined()
    page.transport.serve(usage)
    await page.time.settle()
    await page.time.advance(50)
    expect(page.session.snapshot.usage).toMatchObject({ of: 'response', pricesOf: '2026-11-01', last: { usd: 0.01, cachedTokens: { audio: 10 } }, call: { usd: 0.02 }, day: { usd: 0.03 } })
  })

  const latency = { type: 'kaiwa.latency', response_id: 'r1', speech_end_ms: 1000, committed_ms: 20, first_text_ms: 300, first_audio_ms: 400, first_heard_ms: 460, relay_ms: null }

  it('is told once of each answer that its first sound was heard, and how much of it by now', async () => {
    const page = createFakePage()
    await answered(page, 0)
    expect(page.transport.acks).toEqual([])
    page.player.playMs(60)
    page.player.playMs(500)
    await page.time.settle()
    expect(page.transport.acks).toEqual([{ type: 'kaiwa.ack', item_id: 'a1', played_ms: 60 }])
    page.server.replyEnds('r1', 'a1', 'One two three four five six seven eight.')
    page.player.playMs(2000)
    page.server.replyStarts('r2', 'a2', 'a1')
    page.server.audio('r2', 'a2', 500)
    page.player.playMs(80)
    await page.time.settle()
    expect(page.transport.acks.map(({ item_id }) => item_id)).toEqual(['a1', 'a2'])
  })

  it('shows how long each answer took, what didn’t happen left out', async () => {
    const page = createFakePage()
    await page.talk()
    page.transport.serve(latency)
    page.transport.serve({ ...latency, response_id: 'r2', first_heard_ms: null })
    await page.time.advance(50)
    expect(page.session.snapshot.latencies).toMatchObject([{ replyId: 'r1', committedMs: 20, textMs: 300, audioMs: 400, heardMs: 460 }, { replyId: 'r2', heardMs: undefined }])
  })

  it('warns of what is nearly used up, without a change of state', async () => {
    const page = createFakePage()
    await page.talk()
    await page.time.advance(1000)
    page.transport.serve({ type: 'kaiwa.limit', of: 'time', state: 'near', spent_usd: null, budget_usd: null, ends_in_seconds: 60 })
    await page.time.advance(50)
    expect(page.session.snapshot.warning).toEqual({ of: 'time', endsAtMs: 61_000 })
    expect(page.state).toBe('listening')
    page.transport.serve({ type: 'kaiwa.draining', seconds: 25 })
    await page.time.advance(50)
    expect(page.session.snapshot.warning).toMatchObject({ of: 'server' })
  })

  it('lets the goodbye be heard after the line was closed, with the microphone off and nothing sent', async () => {
    const page = createFakePage()
    await page.talk()
    page.transport.serve({ type: 'kaiwa.limit', of: 'call', state: 'reached', spent_usd: 1, budget_usd: 1, ends_in_seconds: 5 })
    page.server.replyStarts('r1', 'a1', null)
    page.server.words('r1', 'a1', 'Goodbye for today.')
    page.server.audio('r1', 'a1', 2000)
    page.server.replyEnds('r1', 'a1', 'Goodbye for today.')
    page.player.playMs(500)
    page.server.error('budget_spent', 'Spent.', 'rate_limit_error')
    page.transport.drop(1001, 'rate_limit_error.budget_spent')
    await page.time.settle()
    expect(page.state).toBe('limit')
    expect(page.microphone.openTracks).toBe(0)
    page.player.playMs(1500)
    await page.time.settle()
    expect(page.session.snapshot.state).toMatchObject({ name: 'ended', because: 'call' })
    expect(page.session.snapshot.turns.at(-1)!.segment.cut).toBeUndefined()
    expect(page.leftOpen).toEqual(nothingOpen)
  })

  it('lets go of a goodbye that never ends after five seconds, and of one that was left half said when it was heard', async () => {
    for (const [playedMs, waitMs] of [[0, 5000], [2000, 0]] as const) {
      const page = createFakePage()
      await answered(page, 100)
      page.transport.drop(1001, 'server_error.call_too_long')
      await page.time.settle()
      expect(page.state).toBe('speaking')
      page.player.playMs(playedMs)
      await page.time.advance(waitMs)
      expect(page.session.snapshot.state).toMatchObject({ name: 'ended', because: 'time' })
      expect(page.leftOpen).toEqual(nothingOpen)
    }
  })

  it('understands nothing of what is malformed, and goes on', async () => {
    const page = createFakePage()
    await page.talk()
    const malformed = [{ ...usage, call: { usd: 'x' } }, { ...usage, day: null }, { ...usage, call: amount(-1) }]
    for (const bad of [...malformed, { type: 'kaiwa.limit', of: 'moon', state: 'near' }, { type: 'kaiwa.draining' }, { type: 'kaiwa.call' }, { ...latency, first_text_ms: 'x' }, { ...latency, relay_ms: -1 }]) page.transport.serve(bad)
    await page.time.advance(50)
    expect(page.session.snapshot).not.toHaveProperty('usage')
    expect(page.session.snapshot).not.toHaveProperty('warning')
    expect(page.session.snapshot).not.toHaveProperty('latencies')
    expect(page.state).toBe('listening')
  })
})

describe('ending', () => {
  const moments: [string, (page: FakePage) => Promise<void>][] = [
    ['while the browser asks', async page => { void page.session.start() }],
    ['while the line is set up', async page => {
      void page.session.start()
      page.microphone.allow()
      await page.time.settle()
    }],
    ['while listening', page => page.talk()],
    ['while the answer is heard', page => answered(page, 300)],
    ['while the floor is held', async page => {
      await page.talk()
      page.session.hold(true)
    }],
    ['just after the floor was given back', async page => {
      await page.talk()
      page.session.hold(true)
      await page.time.advance(1000)
      page.session.hold(false)
    }],
    ['just after an interruption', async page => {
      await answered(page, 300)
      page.session.interrupt()
    }],
    ['of a typed call', async page => { page.session.say('hello') }],
  ]
  it.each(moments)('%s leaves no track, line, context, player or timer', async (_, reach) => {
    const page = createFakePage()
    await reach(page)
    page.session.end()
    expect(page.state).toBe('ended')
    expect(page.microphone.openTracks).toBe(0)
    page.microphone.allow()
    await page.time.settle()
    await page.time.advance(60_000)
    expect(page.leftOpen).toEqual(nothingOpen)
    expect(page.state).toBe('ended')
  })

  it.each(moments)('by leaving the page %s leaves nothing either', async (_, reach) => {
    const page = createFakePage()
    await reach(page)
    page.session.close()
    page.microphone.allow()
    await page.time.settle()
    await page.time.advance(60_000)
    expect(page.leftOpen).toEqual(nothingOpen)
  })

  it('says how long the call was and how many turns it had, and the clock stands still', async () => {
    const page = createFakePage()
    await answered(page, 2000)
    await page.time.advance(3000)
    page.session.end()
    expect(page.session.snapshot.state).toEqual({ name: 'ended', durationMs: 3000, turns: 2 })
    await page.time.advance(5000)
    expect(page.session.nowMs()).toBe(3000)
  })

  it('starts one call for two clicks', async () => {
    const page = createFakePage()
    void page.session.start()
    void page.session.start()
    page.microphone.allow()
    await page.time.settle()
    expect(page.transports).toHaveLength(1)
    expect(page.microphone.prompts).toBe(1)
  })

  it('begins the next call with an empty thread', async () => {
    const page = createFakePage()
    await answered(page, 2000)
    page.session.end()
    await page.talk()
    expect(page.session.snapshot.turns).toEqual([])
  })
})

describe('what the page is told', () => {
  it('merges growing text into one snapshot per frame, and tells a new state at once', async () => {
    const page = createFakePage()
    await page.talk()
    page.server.replyStarts('r1', 'a1', null)
    await page.time.settle()
    const before = page.snapshots.length
    for (const word of ['a', ' b', ' c', ' d']) page.server.words('r1', 'a1', word)
    expect(page.snapshots).toHaveLength(before)
    await page.time.settle()
    expect(page.snapshots).toHaveLength(before + 1)
    page.server.speechStarted('u1')
    expect(page.state).toBe('user-speaking')
  })

  it('keeps the turns that did not change the same objects', async () => {
    const page = createFakePage()
    await answered(page, 2000)
    const [first] = page.session.snapshot.turns
    page.server.words('r1', 'a1', ' nine')
    await page.time.settle()
    expect(page.session.snapshot.turns[0]).toBe(first)
    expect(page.texts[1]).toContain('nine')
  })

  it('records the events of both directions, sound left out', async () => {
    const page = createFakePage()
    await answered(page, 100)
    const records = page.session.records.list()
    expect(records[0]).toMatchObject({ seq: 1, direction: 'in', type: 'session.created', known: true })
    const append = records.find(({ type }) => type === 'input_audio_buffer.append')!
    expect(append).toMatchObject({ direction: 'out' })
    expect(append.json).toMatch(/"audio":"<\d+ bytes>"/)
  })

  it('sums up what is used, and forgets it with the next conversation', async () => {
    const page = createFakePage()
    await answered(page, 100)
    const usage = { input_token_details: { text_tokens: 5, audio_tokens: 15, cached_tokens: 0 }, output_token_details: { text_tokens: 4, audio_tokens: 6 } }
    for (const id of ['resp_x', 'resp_y']) {
      const response = { id, object: 'realtime.response', status: 'completed', status_details: null, output: [], conversation_id: 'conv_1', metadata: null }
      page.transport.serve({ type: 'response.done', response: { ...response, usage } })
    }
    await page.time.advance(40)
    expect(page.session.snapshot.meter).toContainEqual({ unit: 'input_audio_tokens', total: 30 })
    page.session.end()
    await page.talk()
    expect(page.session.snapshot.meter).toBeUndefined()
  })

  it('draws both voices, the wait and the cut', async () => {
    const page = createFakePage()
    await page.talk()
    for (let i = 0; i < 25; i++) {
      await page.time.advance(40)
      page.microphone.speak(40, 8000)
    }
    page.server.speechStarted('u1', 0)
    page.server.speechStopped('u1', null, 1000)
    await page.time.advance(500)
    page.server.replyStarts('r1', 'a1', 'u1')
    page.server.audio('r1', 'a1', 2000, 9000)
    await page.time.advance(600)
    page.player.playMs(600)
    page.session.interrupt()
    await page.time.settle()
    const drawn = page.session.timeline(0, 10_000)
    expect(drawn.user.length).toBeGreaterThan(5)
    // The server told of the end 500 ms late: it waits that long to be sure.
    expect(drawn.waits).toEqual([{ fromMs: 500, toMs: 1500 }])
    expect(drawn.cuts).toHaveLength(1)
    expect(drawn.assistant.some(({ state }) => state === 'heard')).toBe(true)
    expect(drawn.assistant.some(({ state }) => state === 'cut')).toBe(true)
  })
})

describe('whatever the other side says', () => {
  const ids = fc.constantFrom('x1', 'x2', 'x3')
  const something = fc.oneof(
    fc.constantFrom('', '{', 'null', '[]', '{"type":1}', '{"type":"not.known"}', '{"type":"response.created"}'),
    fc.tuple(ids, ids).map(([response_id, item_id]) => JSON.stringify({ type: 'response.output_audio.delta', event_id: 'e', response_id, item_id, output_index: 0, content_index: 0, delta: 'AAAAAAAA' })),
    fc.tuple(ids, ids).map(([response_id, item_id]) => JSON.stringify({ type: 'response.output_audio_transcript.delta', event_id: 'e', response_id, item_id, output_index: 0, content_index: 0, delta: 'word ' })),
    fc.tuple(ids, fc.constantFrom('in_progress', 'completed', 'cancelled', 'failed')).map(([id, status]) =>
      JSON.stringify({ type: status === 'in_progress' ? 'response.created' : 'response.done', event_id: 'e', response: { id, status, output: [], status_details: null, usage: null, conversation_id: 'c' } })),
    fc.tuple(ids, fc.boolean(), fc.integer({ min: -10, max: 100_000 })).map(([item_id, on, ms]) =>
      JSON.stringify({ type: on ? 'input_audio_buffer.speech_started' : 'input_audio_buffer.speech_stopped', event_id: 'e', item_id, audio_start_ms: ms, audio_end_ms: ms })),
    fc.tuple(ids, ids).map(([item_id, previous_item_id]) => JSON.stringify({ type: 'input_audio_buffer.committed', event_id: 'e', item_id, previous_item_id })),
  )
  const user = fc.constantFrom<(page: FakePage) => void>(
    page => page.session.interrupt(), page => page.session.hold(true), page => page.session.hold(false), page => page.session.say('hm'),
    page => page.session.setMuted(true), page => page.session.setMuted(false), page => page.microphone.speak(80), page => page.player.playMs(30),
  )

  it('the page keeps working, and ending leaves nothing open', async () => {
    await fc.assert(fc.asyncProperty(fc.array(fc.oneof(something, user, fc.constant(undefined)), { maxLength: 40 }), async happenings => {
      const page = createFakePage()
      await page.talk()
      for (const happening of happenings) {
        if (typeof happening === 'string') page.transport.serveText(happening)
        else if (happening) happening(page)
        else await page.time.advance(100)
      }
      await page.time.settle()
      expect(page.session.snapshot.turns.every(({ heard }) => !heard || heard.heardMs <= heard.receivedMs)).toBe(true)
      page.session.end()
      await page.time.advance(60_000)
      expect(page.leftOpen).toEqual(nothingOpen)
    }), { numRuns: 60 })
  })
})
