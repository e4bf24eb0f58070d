import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createEngine, type Engine } from '@kaiwa/engine'
import { rms } from '@kaiwa/audio'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { AnswerResult } from '../../server/realtime/brain.ts'
import type { Link } from '../../server/relay/link.ts'
import { localBrain } from '../../server/brains/local-brain.ts'
import { createEngineCalls } from '../../server/webrtc/engine-call.ts'
import { createMediaHost, mediaWorker } from '../../server/webrtc/media-host.ts'
import { createInbox, type ContractClient } from '../contract/contract-client.ts'
import { typed, updated } from '../contract/clauses/talk.ts'
import { recording, silence } from '../contract/recording.ts'
import { createCountedIds, realClock } from '../fakes/engine-options.ts'
import { createFakeStages } from '../fakes/fake-stages.ts'
import { rtcPeer, type RtcPeer, type RtcPeerOptions } from '../fakes/rtc-peer.ts'

const host = createMediaHost(mediaWorker(new URL('../../server/webrtc/media.worker.ts', import.meta.url)))
const calls = createEngineCalls({ enabled: true, address: undefined, ports: undefined }, host)
let openSessions = 0

/** Counts its sessions, so that a test sees what is left behind. */
function countedEngine(): Engine {
  const engine = createEngine({ stages: createFakeStages(), clock: realClock, ids: createCountedIds() })
  return { openSession(port, options) {
    const session = engine.openSession(port, options)
    openSessions++
    let open = true
    return { ...session, close() {
      if (open) openSessions--
      open = false
      session.close()
    } }
  } }
}

const brain = localBrain({ kind: 'local', model: 'kaiwa-local', voice: 'alloy' }, {
  startEngine: async () => ({ engine: countedEngine(), hearing: { able: true, by: 'fake stages' }, close: async () => undefined }),
  probeHearing: () => ({ able: true, by: 'fake stages' }),
  openCalls: async () => calls,
})
const answer = (sdp: string): Promise<AnswerResult> => brain.answer!({ sdp, calledAs: '127.0.0.1' }, { model: undefined, intent: undefined }, new AbortController().signal)

interface Talk { peer: RtcPeer, sideband: ContractClient, hangUp(): Promise<unknown> }
const talks: Talk[] = []

/** A call with its data channel joined to the session, as the server's fan does it. */
async function call(options?: RtcPeerOptions): Promise<Talk> {
  const peer = await rtcPeer(options)
  const answered = await answer(peer.offer)
  if (!answered.ok) throw new Error(JSON.stringify(answered.fault))
  const dialed = await answered.sideband(new AbortController().signal)
  if (!dialed.ok) throw new Error('no sideband')
  const inbox = createInbox()
  join(dialed.link, answered.channel, inbox)
  await peer.connect(answered.sdp)
  const sideband = { ...inbox.client, send: (event: object | string) => dialed.link.send(typeof event === 'string' ? event : JSON.stringify(event)), close: () => dialed.link.close(1000, '') }
  const talk = { peer, sideband, hangUp: answered.hangUp }
  talks.push(talk)
  return talk
}

function join(sideband: Link, channel: Link | undefined, inbox: ReturnType<typeof createInbox>) {
  sideband.listen({
    message(text) {
      inbox.push(text.toString())
      channel?.send(text)
    },
    binary() {}, socketDrained() {},
    closed(code, reason) {
      inbox.end(code, reason)
      channel?.close(code, reason)
    },
  })
  channel?.listen({ message: text => sideband.send(text), binary() {}, socketDrained() {}, closed() {} })
}

const withoutTalking = updated({ audio: { input: { turn_detection: null } } })
const pause = (ms: number) => new Promise(resolve => setTimeout(resolve, ms))
/** The share of a tone in a signal's power (Goertzel), frame by frame: clauses don't go on in phase. */
function toneShare(samples: Int16Array, hz: number): number {
  const frames = [...Array(Math.floor(samples.length / 480)).keys()].map(at => samples.subarray(at * 480, at * 480 + 480)).filter(frame => rms(frame) > 0.02)
  return frames.reduce((sum, frame) => sum + toneShareOf(frame, hz), 0) / frames.length
}
function toneShareOf(samples: Int16Array, hz: number): number {
  const k = 2 * Math.cos(2 * Math.PI * hz / 24_000)
  let [a, b, power] = [0, 0, 0]
  for (const sample of samples) {
    [a, b] = [sample + k * a - b, a]
    power += sample * sample
  }
  return (a * a + b * b - k * a * b) * 2 / (power * samples.length)
}
/** From the first loud frame to the last. */
function spoken(samples: Int16Array): Int16Array {
  const loud = [...Array(Math.floor(samples.length / 480)).keys()].filter(at => rms(samples.subarray(at * 480, at * 480 + 480)) > 0.02)
  return loud.length === 0 ? new Int16Array(0) : samples.subarray(loud[0]! * 480, loud.at(-1)! * 480 + 480)
}

afterEach(async () => {
  await Promise.all(talks.splice(0).map(async ({ peer, hangUp }) => {
    await hangUp()
    await peer.hangUp()
  }))
})
beforeAll(() => brain.warmUp())
afterAll(() => brain.close())

describe('a call over WebRTC with the embedded engine', () => {
  it('hears the microphone, answers on the track in real time, and tells when', { timeout: 30_000 }, async () => {
    const { peer } = await call()
    expect(peer.events[0]?.type ?? (await peer.next('session.created')).type).toBe('session.created')
    peer.send(updated({ audio: { input: { transcription: { model: 'any' } } } }))
    await peer.next('session.updated')
    await peer.say(recording('go-forward.wav', { leadMs: 300, tailMs: 0 }))
    expect(await peer.next('conversation.item.input_audio_transcription.completed')).toMatchObject({ transcript: 'go forward ten meters' })
    const started = await peer.next('output_audio_buffer.started')
    const startedAtMs = performance.now()
    const stopped = await peer.next('output_audio_buffer.stopped', 15_000)
    const tookMs = performance.now() - startedAtMs
    expect(stopped.response_id).toBe(started.response_id)
    await pause(200)
    const voice = spoken(peer.heard())
    // The fake voice: 60 ms of 440 Hz for each character.
    const saidMs = 'You said: go forward ten meters. Is that right?'.replace(/\s+$/, '').length * 60
    expect(voice.length / 24).toBeGreaterThan(saidMs - 150)
    expect(voice.length / 24).toBeLessThan(saidMs + 150)
    expect(Math.abs(tookMs - saidMs)).toBeLessThan(400)
    expect(toneShare(voice, 440)).toBeGreaterThan(0.8)
    expect(peer.events.map(({ type }) => type)).not.toContain('response.output_audio.delta')
  })

  it('sends without drift, also in pauses', { timeout: 15_000 }, async () => {
    const { peer } = await call()
    await pause(3000)
    const { arrivals } = peer
    const last = arrivals.at(-1)!
    const spanMs = last.atMs - arrivals[0]!.atMs
    expect(arrivals.length * 20).toBeGreaterThan(spanMs * 0.9)
    expect(Math.abs((last.timestamp - arrivals[0]!.timestamp) / 48 - spanMs)).toBeLessThan(120)
  })

  it('falls silent when it is interrupted, and counts no more as heard than was sent', { timeout: 30_000 }, async () => {
    const { peer } = await call()
    peer.send(typed('tell me a story'))
    peer.send({ type: 'response.create' })
    await peer.next('output_audio_buffer.started')
    await pause(1000)
    const before = peer.heard().length
    void peer.say(recording('go-forward.wav', { leadMs: 0, tailMs: 0 }))
    await peer.next('output_audio_buffer.cleared')
    const cut = await peer.next('conversation.item.truncated')
    await pause(400)
    const heard = peer.heard()
    const voice = spoken(heard)
    expect(cut.audio_end_ms).toBeGreaterThan(900)
    expect(cut.audio_end_ms).toBeLessThanOrEqual(voice.length / 24 + 20)
    expect(rms(heard.subarray(heard.length - 2400))).toBeLessThan(0.001)
    expect(before).toBeLessThan(heard.length)
    expect(peer.events.find(({ type }) => type === 'response.done')!.response.status).toBe('cancelled')
  })

  it('clears when the client says so', { timeout: 15_000 }, async () => {
    const { peer } = await call()
    peer.send(typed('tell me a story'))
    peer.send({ type: 'response.create' })
    await peer.next('output_audio_buffer.started')
    await pause(500)
    peer.send({ type: 'response.cancel' })
    peer.send({ type: 'output_audio_buffer.clear' })
    await peer.next('output_audio_buffer.cleared')
    await pause(300)
    expect(rms(peer.heard().slice(-2400))).toBeLessThan(0.001)
  })

  it('understands through loss and jitter', { timeout: 20_000 }, async () => {
    let seed = 7
    const random = () => (seed = seed * 16_807 % 2_147_483_647) / 2_147_483_647
    const { peer } = await call({ line: (_index, send) => { if (random() > 0.05) setTimeout(send, random() * 100) } })
    peer.send(updated({ audio: { input: { transcription: { model: 'any' } } } }))
    await peer.say(recording('go-forward.wav', { leadMs: 300, tailMs: 0 }))
    const stopped = await peer.next('input_audio_buffer.speech_stopped')
    const started = peer.events.find(({ type }) => type === 'input_audio_buffer.speech_started')!
    // The recording holds 1.6 s of speech, from 0.3 s on.
    expect(stopped.audio_end_ms - started.audio_start_ms).toBeGreaterThan(1000)
    expect(stopped.audio_end_ms - started.audio_start_ms).toBeLessThan(4500)
    await peer.next('conversation.item.input_audio_transcription.completed')
  })

  it('mirrors events to the sideband, and takes them from there', { timeout: 15_000 }, async () => {
    const { peer, sideband } = await call()
    sideband.send(typed('hello'))
    sideband.send({ type: 'response.create' })
    await Promise.all([peer.next('response.done'), sideband.next('response.done')])
    const own = (client: Pick<ContractClient, 'events'>) => client.events.map(({ type, event_id: id }) => `${type} ${id}`)
    expect(own(peer)).toEqual(own(sideband).slice(0, own(peer).length))
  })

  it('ends when the client hangs up, and when the server does', { timeout: 15_000 }, async () => {
    const first = await call()
    await first.hangUp()
    await first.sideband.closed
    expect(openSessions).toBe(0)
    const second = await call()
    second.sideband.close()
    await second.peer.closed
    expect([openSessions, host.live]).toEqual([0, 0])
  })

  it('notices a client that never came, and one that vanished', { timeout: 40_000 }, async () => {
    const absent = await rtcPeer()
    const answered = await answer(absent.offer)
    if (!answered.ok) throw new Error('refused')
    const inbox = createInbox()
    const dialed = await answered.sideband(new AbortController().signal)
    if (dialed.ok) join(dialed.link, answered.channel, inbox)
    const { peer, sideband } = await call()
    peer.vanish()
    await peer.hangUp()
    expect(await inbox.client.closed).toMatchObject({ code: 4000 })
    expect(inbox.client.events.at(-1)).toMatchObject({ type: 'error', error: { code: 'webrtc_not_connected' } })
    expect(await sideband.closed).toMatchObject({ code: 4000 })
    expect(sideband.events.at(-1)).toMatchObject({ type: 'error', error: { code: 'media_lost' } })
    expect([openSessions, host.live]).toEqual([0, 0])
    await absent.hangUp()
  })

  it('refuses what is no offer, with a sentence, while another call goes on', { timeout: 20_000 }, async () => {
    const { peer } = await call()
    const { offer } = await rtcPeer()
    const hostile = ['', 'v=0', 'x'.repeat(200_000), offer.replace('m=audio', 'm=video'), offer.replace(/a=fingerprint.*\r\n/g, ''), offer.slice(0, 300), offer.replace(/opus/gi, 'g722'), offer.replaceAll('a=mid:0', 'a=mid:1')]
    for (const sdp of hostile) expect(await answer(sdp)).toMatchObject({ ok: false, fault: { code: 'offer_refused', why: expect.stringMatching(/\.$/) as string } })
    peer.send(typed('hello'))
    peer.send({ type: 'response.create' })
    await peer.next('output_audio_buffer.started')
    expect(host.live).toBe(1)
  })

  it('answers nobody but the call’s own browser, and tries no address that an offer names', { timeout: 15_000 }, async () => {
    const victim = createSocket('udp4')
    const stranger = createSocket('udp4')
    let reached = 0
    for (const socket of [victim, stranger]) {
      socket.on('message', () => reached++)
      socket.bind(0, '127.0.0.1')
      await once(socket, 'listening')
    }
    const { offer } = await rtcPeer()
    const answered = await answer(offer.replace(/a=candidate:.*/g, `a=candidate:1 1 udp 2130706431 127.0.0.1 ${victim.address().port} typ host`))
    if (!answered.ok) throw new Error('refused')
    const port = Number(/a=candidate:\S+ 1 udp \d+ 127\.0\.0\.1 (\d+)/.exec(answered.sdp)![1])
    const name = /a=ice-ufrag:(\S+)/.exec(answered.sdp)![1]!
    // A binding request as RFC 8489 has it, with the call's name and no digest.
    const username = Buffer.from(`${name}:any0`)
    const padding = Buffer.alloc((4 - username.length % 4) % 4)
    const header = Buffer.from([0, 1, 0, 4 + username.length + padding.length, 0x21, 0x12, 0xA4, 0x42])
    const request = Buffer.concat([header, Buffer.alloc(12, 7), Buffer.from([0, 6, 0, username.length]), username, padding])
    for (let at = 0; at < 5; at++) stranger.send(request, port, '127.0.0.1')
    await pause(1500)
    expect(reached).toBe(0)
    await answered.hangUp()
    for (const socket of [victim, stranger]) socket.close()
  })

  it('keeps two calls apart', { timeout: 20_000 }, async () => {
    const [first, second] = await Promise.all([call(), call()])
    first.peer.send(withoutTalking)
    first.peer.send(typed('hello'))
    first.peer.send({ type: 'response.create' })
    await first.peer.next('output_audio_buffer.stopped')
    expect(spoken(first.peer.heard()).length).toBeGreaterThan(10_000)
    expect(spoken(second.peer.heard())).toHaveLength(0)
    expect(second.peer.events.map(({ type }) => type)).toEqual(['session.created'])
  })

  it('leaves nothing behind after fifty calls', { timeout: 60_000 }, async () => {
    for (let batch = 0; batch < 10; batch++) {
      const five = await Promise.all(Array.from({ length: 5 }, () => call()))
      await Promise.all(five.map(async ({ peer, hangUp }) => {
        await peer.say(silence(20))
        await hangUp()
        await peer.hangUp()
      }))
    }
    talks.length = 0
    expect([openSessions, host.live]).toEqual([0, 0])
  })
})
