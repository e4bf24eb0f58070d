import { describe, expect, it } from 'vitest'
import { createPlayerOn } from '../../../app/voice/player.ts'
import { createFakeOutput } from '../../fakes/fake-output.ts'
import { createManualClock } from '../../fakes/manual-clock.ts'
import { createOfflineSink } from '../../fakes/offline-sink.ts'

const SAMPLES_PER_MS = 24
const context = {} as AudioContext

/** Samples that say where in the segment they stand: a rising line, one step per sample. */
const rising = (fromMs: number, ms: number) => Int16Array.from({ length: SAMPLES_PER_MS * ms }, (_, i) => 1000 + (fromMs * SAMPLES_PER_MS + i) % 30_000)

/** A player whose first device can die; each device is a processor of its own at the segments' rate, so that samples can be read back. */
function setup(latencyMs = 0) {
  const sinks = [createOfflineSink(24_000)]
  sinks[0]!.latencyMs = latencyMs
  const clock = createManualClock()
  const player = createPlayerOn(sinks[0]!, {
    setTimer: clock.setTimer,
    async openSink() {
      const sink = createOfflineSink(24_000)
      sink.latencyMs = latencyMs
      sinks.push(sink)
      return sink
    },
  })
  const silent: string[] = []
  player.onSilent(segmentId => silent.push(segmentId))
  const told: number[] = []
  player.onProgress(({ segmentId, heardMs }) => { if (segmentId === 'a') told.push(heardMs) })
  return { player, clock, silent, told, sinks, get sink() { return sinks.at(-1)! }, move: () => player.moveTo(context, createFakeOutput()) }
}

/** Longer than the fade in. */
const FADE_SAMPLES = 150
/** Which sample of the segment the device began with. */
function startOf(output: number[]): number {
  const first = output.findIndex(sample => sample !== 0)
  return Math.round(output[first + FADE_SAMPLES]! * 32_768) - 1000 - FADE_SAMPLES
}

/** Values of the rising line in what a device played, without its fades. */
const values = (output: number[]) => output.map(sample => Math.round(sample * 32_768)).filter(value => value >= 1000)

describe('a player whose device dies', () => {
  it('goes on at the last sample known to have been heard: nothing is left out, and at most 50 ms sound twice', async () => {
    const { player, sinks, move } = setup()
    player.play('a', rising(0, 1000))
    player.end('a')
    sinks[0]!.turn(523)
    const reached = values(sinks[0]!.output).at(-1)! - 1000
    await move()
    sinks[1]!.turn(2000)
    const again = values(sinks[1]!.output)
    expect(startOf(sinks[1]!.output)).toBeLessThanOrEqual(reached)
    expect(startOf(sinks[1]!.output)).toBeGreaterThan(reached - 55 * SAMPLES_PER_MS)
    expect(Math.max(...again) - 1000).toBeGreaterThan(990 * SAMPLES_PER_MS)
    // In order, each once; the device fades in and out, which changes the first and last few.
    const middle = again.slice(200, -200)
    expect(middle.every((value, i) => i === 0 || value === middle[i - 1]! + 1)).toBe(true)
  })

  it('plays again what was still on its way through a slow device', async () => {
    const { player, sinks, move } = setup(200)
    player.play('a', rising(0, 1000))
    player.end('a')
    sinks[0]!.turn(1100)
    expect(player.heard('a')!.heardMs).toBeLessThan(1000)
    const heardBefore = player.heard('a')!.heardMs
    await move()
    sinks[1]!.turn(400)
    expect(Math.abs(startOf(sinks[1]!.output) - heardBefore * SAMPLES_PER_MS)).toBeLessThanOrEqual(SAMPLES_PER_MS)
  })

  it('counts what was heard on through the change, never back, never beyond what was received, and tells the end once', async () => {
    const { player, sinks, move, told, silent, clock } = setup(60)
    for (let i = 0; i < 6; i++) player.play('a', rising(i * 200, 200))
    player.end('a')
    player.play('b', rising(0, 300))
    player.end('b')
    sinks[0]!.turn(700)
    await move()
    sinks[1]!.turn(300)
    await move()
    sinks[2]!.turn(2000)
    await clock.advance(60)
    expect(silent).toEqual(['a', 'b'])
    expect(player.heard('a')).toMatchObject({ heardMs: 1200, receivedMs: 1200, complete: true })
    expect(player.heard('b')).toMatchObject({ heardMs: 300, receivedMs: 300, complete: true })
    expect(told).toEqual(told.toSorted((x, y) => x - y))
    expect(told.at(-1)).toBe(1200)
    expect(player.stats.moves).toBe(2)
  })

  it('takes what arrives while there is no device, and what arrives afterwards', async () => {
    const { player, sinks, move } = setup()
    player.play('a', rising(0, 300))
    sinks[0]!.turn(100)
    // The first device is dead from here on: it plays nothing and says nothing.
    player.play('a', rising(300, 300))
    await move()
    player.play('a', rising(600, 300))
    player.end('a')
    sinks[1]!.turn(2000)
    expect(player.heard('a')).toMatchObject({ heardMs: 900, receivedMs: 900, complete: true })
    const middle = values(sinks[1]!.output).slice(200, -200)
    expect(middle.every((value, i) => i === 0 || value === middle[i - 1]! + 1)).toBe(true)
  })

  it('truncates at what was heard when it is interrupted after the change, and when the dead device can not answer', async () => {
    const { player, sinks, move, clock } = setup(30)
    player.play('a', rising(0, 2000))
    sinks[0]!.turn(500)
    await move()
    sinks[1]!.turn(500)
    const { heard } = (await player.interrupt())!
    expect(heard.heardMs).toBeGreaterThan(400 + 300)
    expect(heard.heardMs).toBeLessThanOrEqual(1000)
    player.play('b', rising(0, 1000))
    sinks[1]!.turn(400)
    sinks[1]!.held = true
    const interrupted = player.interrupt()
    const moving = move()
    await moving
    const second = (await interrupted)!
    expect(second.heard.segmentId).toBe('b')
    expect(second.heard.heardMs).toBeLessThanOrEqual(400)
    sinks[2]!.turn(1000)
    expect(values(sinks[2]!.output), 'what was cut is not played by the next device').toEqual([])
    expect(clock.pendingTimers).toBe(0)
  })

  it('closes a device that comes after the end', async () => {
    const { player, sinks, move } = setup()
    const moving = move()
    player.close()
    await moving
    expect(sinks[1]!.closed).toBe(true)
  })

  it('has the next device give way as the first one did', async () => {
    const { player, sinks, move } = setup()
    player.duck()
    await move()
    expect(sinks[1]!.commands).toContainEqual({ type: 'duck' })
    player.unduck()
    await move()
    expect(sinks[2]!.commands).not.toContainEqual({ type: 'duck' })
  })
})

describe('what was heard', () => {
  it('stays heard when the device gets slower in the middle (headphones over Bluetooth), and truncation never exceeds it', async () => {
    const { player, sinks } = setup(20)
    player.play('a', rising(0, 3000))
    sinks[0]!.turn(1000)
    const before = player.heard('a')!.heardMs
    sinks[0]!.latencyMs = 220
    expect(player.heard('a')!.heardMs).toBe(before)
    sinks[0]!.turn(100)
    expect(player.heard('a')!.heardMs).toBe(before)
    sinks[0]!.turn(400)
    const { heard } = (await player.interrupt())!
    expect(heard.heardMs).toBeGreaterThan(before)
    expect(heard.heardMs).toBeLessThanOrEqual(1500 - 220)
  })

  it('doesn\'t depend on the volume: what was played at 0 was said, as far as the other side is concerned', async () => {
    const { player, sinks } = setup()
    player.play('a', rising(0, 1000))
    sinks[0]!.turn(300)
    expect(sinks[0]!.commands.every(({ type }) => type === 'play')).toBe(true)
    expect(player.heard('a')!.heardMs).toBeGreaterThan(230)
  })

  it('counts samples that ran out and samples that found no room', () => {
    const { player, sinks } = setup()
    player.play('a', rising(0, 300))
    sinks[0]!.turn(1000)
    for (let minute = 0; minute < 11; minute++) player.play('a', new Int16Array(60_000 * SAMPLES_PER_MS))
    expect(player.stats).toMatchObject({ underruns: 1, refusedMs: 60_000 })
  })
})
