import { describe, expect, it, vi } from 'vitest'
import { createPlayer, createPlayerOn, PlayerError } from '../../../app/voice/player.ts'
import { latencyMs } from '../../../app/voice/output.ts'
import { createFakeOutput } from '../../fakes/fake-output.ts'
import { createManualClock } from '../../fakes/manual-clock.ts'
import { createOfflineSink } from '../../fakes/offline-sink.ts'

const voice = (ms: number) => Int16Array.from({ length: 24 * ms }, (_, i) => 8000 * Math.sin(i / 10))

function setup(deviceLatencyMs = 0) {
  const sink = createOfflineSink()
  sink.latencyMs = deviceLatencyMs
  const clock = createManualClock()
  const player = createPlayerOn(sink, { setTimer: clock.setTimer })
  const silent: string[] = []
  player.onSilent(segmentId => silent.push(segmentId))
  return { sink, clock, player, silent }
}

describe('player', () => {
  it('truncates at what was heard: ten seconds come within one, interrupted after two', async () => {
    const { sink, player } = setup(50)
    for (let i = 0; i < 10; i++) {
      player.play('a', voice(1000))
      sink.turn(100)
    }
    sink.turn(1000)
    const playedMs = sink.output.length / 48
    const { heard, dropped } = (await player.interrupt())!
    expect(heard).toMatchObject({ segmentId: 'a', receivedMs: 10_000, complete: true })
    expect(heard.heardMs).toBeLessThanOrEqual(playedMs - 50)
    expect(heard.heardMs).toBeGreaterThan(playedMs - 50 - 5)
    expect(dropped).toEqual([])
    const before = sink.commands.length
    player.play('a', voice(500))
    player.end('a')
    expect(sink.commands.length).toBe(before)
    expect(player.heard('a')).toEqual(heard)
    expect(player.current).toBeUndefined()
  })

  it.each([['gave way', 2000], ['had nothing more to play', 700]])('counts as heard what was on its way to the ear all the while the voice %s', async (_why, lengthMs) => {
    const { sink, player } = setup(50)
    player.play('a', voice(lengthMs))
    sink.turn(600)
    player.duck()
    sink.turn(600)
    const [first, last] = [sink.output.findIndex(sample => sample !== 0), sink.output.findLastIndex(sample => sample !== 0)]
    const { heard } = (await player.interrupt())!
    expect(heard.heardMs).toBeLessThanOrEqual((last - first) / 48)
    expect(heard.heardMs).toBeGreaterThan((last - first) / 48 - 9)
  })

  it('is silent within 50 ms of the interruption, and stays so', async () => {
    const { sink, player } = setup()
    player.play('a', voice(3000))
    sink.turn(700)
    const at = sink.output.length
    await player.interrupt()
    player.play('a', voice(1000))
    sink.turn(2000)
    expect(sink.output.slice(0, at).some(sample => sample !== 0)).toBe(true)
    expect(sink.output.slice(at + 5 * 48).every(sample => sample === 0)).toBe(true)
  })

  it('plays two segments in a row and says when each was heard to its end', async () => {
    const { sink, player, silent, clock } = setup()
    player.play('a', voice(300))
    player.end('a')
    player.play('b', voice(200))
    player.end('b')
    expect(player.current).toBe('a')
    sink.turn(400)
    await clock.advance(0)
    expect(silent).toEqual(['a'])
    expect(player.current).toBe('b')
    sink.turn(200)
    await clock.advance(0)
    expect(silent).toEqual(['a', 'b'])
    expect(player.heard('b')).toEqual({ segmentId: 'b', heardMs: 200, receivedMs: 200, complete: true })
  })

  it('takes the output\'s latency from what was heard, and waits it out at the end', async () => {
    const { sink, player, silent, clock } = setup(80)
    player.play('a', voice(500))
    player.end('a')
    sink.turn(400)
    expect(player.heard('a')!.heardMs).toBeLessThanOrEqual(320)
    sink.turn(200)
    expect(silent).toEqual([])
    expect(player.heard('a')!.heardMs).toBe(420)
    await clock.advance(80)
    expect(silent).toEqual(['a'])
    expect(player.heard('a')!.heardMs).toBe(500)
  })

  it('never says less than nothing was heard', () => {
    const { sink, player } = setup(80)
    player.play('a', voice(1000))
    sink.turn(10)
    expect(player.heard('a')!.heardMs).toBe(0)
  })

  it('tells progress at once and about every 50 ms, never beyond what was received or played', () => {
    const { sink, player } = setup()
    const told: number[] = []
    player.onProgress(heard => {
      told.push(heard.heardMs)
      expect(heard.heardMs).toBeLessThanOrEqual(Math.min(heard.receivedMs, sink.output.length / 48 + 3))
    })
    player.play('a', voice(1000))
    sink.turn(1500)
    expect(told.length).toBeGreaterThan(18)
    expect(told).toEqual([...told].sort((a, b) => a - b))
  })

  it('goes on where it stopped after an underrun, and reports the segment as unfinished meanwhile', async () => {
    const { sink, player, silent, clock } = setup()
    player.play('a', voice(300))
    sink.turn(800)
    expect(player.heard('a')).toMatchObject({ complete: false, receivedMs: 300 })
    expect(player.current).toBe('a')
    player.play('a', voice(300))
    player.end('a')
    sink.turn(800)
    await clock.advance(0)
    expect(silent).toEqual(['a'])
    expect(player.heard('a')).toMatchObject({ heardMs: 600, receivedMs: 600, complete: true })
  })

  it('drops the segments that waited behind the interrupted one, and lists them', async () => {
    const { sink, player, silent } = setup()
    for (const id of ['a', 'b', 'c']) {
      player.play(id, voice(400))
      player.end(id)
    }
    sink.turn(600)
    const { heard, dropped } = (await player.interrupt())!
    expect(heard.segmentId).toBe('b')
    expect(heard.heardMs).toBeGreaterThan(190)
    expect(heard.heardMs).toBeLessThanOrEqual(200)
    expect(dropped).toEqual(['c'])
    expect(silent).toEqual(['a'])
    expect(player.heard('c')).toEqual({ segmentId: 'c', heardMs: 0, receivedMs: 400, complete: true })
  })

  it('plays a new segment that comes right behind an interruption, even before the processor has answered', async () => {
    const { sink, player, silent, clock } = setup()
    player.play('a', voice(1000))
    sink.turn(500)
    sink.held = true
    const interrupted = player.interrupt()
    player.play('b', voice(100))
    player.play('a', voice(100))
    player.end('b')
    sink.deliver()
    expect((await interrupted)!.heard.segmentId).toBe('a')
    sink.turn(300)
    await clock.advance(0)
    expect(silent).toEqual(['b'])
  })

  it('resolves with undefined when silent, and when an interruption is already under way', async () => {
    const { sink, player } = setup()
    expect(await player.interrupt()).toBeUndefined()
    player.play('a', voice(1000))
    sink.turn(100)
    const [first, second] = await Promise.all([player.interrupt(), player.interrupt()])
    expect(first!.heard.segmentId).toBe('a')
    expect(second).toBeUndefined()
  })

  it('says nothing was heard of a segment that had not started', async () => {
    const { player } = setup()
    player.play('a', voice(20))
    expect((await player.interrupt())!.heard).toEqual({ segmentId: 'a', heardMs: 0, receivedMs: 20, complete: true })
  })

  it('counts a segment as wholly heard when it had left the processor before the cut reached it', async () => {
    const { sink, player } = setup(100)
    player.play('a', voice(300))
    player.end('a')
    sink.held = true
    sink.turn(350)
    const interrupted = player.interrupt()
    sink.deliver()
    expect((await interrupted)!.heard.heardMs).toBe(300)
  })

  it('answers with what was last reported when the processor does not', async () => {
    const { sink, player, clock } = setup()
    player.play('a', voice(1000))
    sink.turn(500)
    sink.held = true
    const interrupted = player.interrupt()
    await clock.advance(250)
    const { heard } = (await interrupted)!
    expect(heard.heardMs).toBeGreaterThan(440)
    expect(heard.heardMs).toBeLessThanOrEqual(500)
  })

  it('settles an interruption that is under way when it is closed, and does nothing afterwards', async () => {
    const { sink, player, clock } = setup()
    player.play('a', voice(1000))
    sink.turn(300)
    sink.held = true
    const interrupted = player.interrupt()
    player.close()
    player.close()
    expect((await interrupted)!.heard.segmentId).toBe('a')
    expect(sink.closed).toBe(true)
    expect(clock.pendingTimers).toBe(0)
    player.play('b', voice(100))
    expect(await player.interrupt()).toBeUndefined()
    expect(sink.commands.at(-1)!.type).toBe('clear')
  })

  it('doesn\'t count as received what the processor refused', () => {
    const { sink, player } = setup()
    for (let minute = 0; minute < 11; minute++) player.play('a', new Int16Array(60_000 * 24))
    expect(player.heard('a')!.receivedMs).toBe(600_000)
    sink.turn(10)
  })

  it('stops telling those who have gone', () => {
    const { sink, player } = setup()
    const listener = vi.fn()
    player.onProgress(listener)()
    player.play('a', voice(600))
    sink.turn(600)
    expect(listener).not.toHaveBeenCalled()
  })

  it('rejects with a code when the worklet can\'t be loaded', async () => {
    const context = { audioWorklet: { addModule: () => Promise.reject(new Error('404')) } } as unknown as AudioContext
    const failure = await createPlayer(context, createFakeOutput(), { workletUrl: '/nowhere.js' }).catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(PlayerError)
    expect(failure).toMatchObject({ code: 'audio_failed' })
  })
})

describe('output latency', () => {
  it('adds what the browser tells and ignores what it doesn\'t', () => {
    expect(latencyMs({ baseLatency: 0.01, outputLatency: 0.04 })).toBeCloseTo(50)
    expect(latencyMs({ baseLatency: 0.01 })).toBeCloseTo(10)
    expect(latencyMs({ baseLatency: NaN, outputLatency: -1 })).toBe(0)
    expect(latencyMs({ outputLatency: 40 })).toBe(1000)
  })
})
