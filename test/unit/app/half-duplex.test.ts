import { readFileSync } from 'node:fs'
import { createResampler, floatToPcm16, pcm16ToFloat, rms } from '@kaiwa/audio'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { EchoFloor } from '../../../app/voice/echo-floor.ts'
import { createHalfDuplex, openGate, stepGate, UNMEASURED_TAIL_MS, type GateFrame, type GateState } from '../../../app/voice/half-duplex.ts'
import { readWav } from '../../fakes/wav.ts'

const FRAME = 960
const FRAME_MS = 40
/** A poll of the meter sees a little more than one frame. */
const METER_SAMPLES = 2000

function speech(name: string, level: number): Float32Array {
  const { samples, sampleRate } = readWav(readFileSync(new URL(`../../fixtures/speech/${name}.wav`, import.meta.url)))
  const at24 = createResampler({ inputRate: sampleRate, outputRate: 24_000 }).process(pcm16ToFloat(samples))
  const loudest = Math.max(...Array.from({ length: Math.floor(at24.length / FRAME) }, (_, i) => rms(floatToPcm16(at24.subarray(i * FRAME, (i + 1) * FRAME)))))
  return at24.map(sample => sample * level / loudest)
}

const silent: GateFrame = { lengthMs: 40, playedLevel: 0, micLevel: 0, held: false }
const answer = speech('cold-hearted', 0.2)
const lossDb = 20
const delayMs = 90

interface Scene { played: Float32Array, microphone: Float32Array, floor: EchoFloor | undefined, held?: boolean }

/** What leaves the page, frame by frame, with the gate on. */
function run({ played, microphone, floor, held = false }: Scene) {
  let at = 0
  const gate = createHalfDuplex(() => ({ halfDuplex: true, echoFloor: floor }))
  gate.listenTo(() => rms(floatToPcm16(played.subarray(Math.max(0, at - METER_SAMPLES), at))))
  gate.setHeld(held)
  const frames = []
  for (let first = 0; first + FRAME <= microphone.length; first += FRAME) {
    at = first + FRAME
    const samples = floatToPcm16(microphone.subarray(first, at))
    frames.push(gate.filter({ samples, level: rms(samples), firstSample: first }))
  }
  return frames
}

/** The answer from 0.4 s on, and a room that sends it back over two paths. */
function room(lengthMs: number, { gainDb = -lossDb, delay = delayMs } = {}) {
  const played = new Float32Array(lengthMs * 24)
  played.set(answer.subarray(0, Math.max(0, played.length - 9600)), 9600)
  const microphone = new Float32Array(played.length)
  const paths = [[delay, 0.9], [delay + 37, 0.43]] as const
  for (const [pathMs, share] of paths) {
    for (let i = pathMs * 24; i < microphone.length; i++) microphone[i]! += 10 ** (gainDb / 20) * share * played[i - pathMs * 24]!
  }
  return { played, microphone }
}
const measured: EchoFloor = { lossDb, noiseLevel: 0.001, tailMs: delayMs + 60 }
const passed = (frames: { samples: Int16Array }[]) => frames.flatMap((frame, at) => frame.samples.some(sample => sample !== 0) ? [at] : [])

describe('the gate while an answer sounds', () => {
  it.each([['measured', measured], ['not measured', undefined]])('lets nothing of its echo through, %s', (_, floor) => {
    expect(passed(run({ ...room(6000), floor }))).toEqual([])
  })

  it('lets nothing through although the echo is 4 dB louder than it was measured', () => {
    expect(passed(run({ ...room(6000, { gainDb: -lossDb + 4 }), floor: measured }))).toEqual([])
  })

  it('leaves the time axis as it is: each frame in its place, of its length', () => {
    const frames = run({ ...room(3000), floor: undefined })
    expect(frames.map(frame => frame.firstSample)).toEqual(frames.map((_, i) => i * FRAME))
    expect(frames.every(frame => frame.samples.length === FRAME)).toBe(true)
  })

  it('lets a louder voice through within 60 ms of its first loud sound, and all the rest of its words', () => {
    const voice = speech('go-forward', 0.25)
    const from = voice.findIndex(sample => Math.abs(sample) > 0.1)
    for (const offsetMs of [0, 7, 13, 21, 39]) {
      const { played, microphone } = room(6000)
      const begin = (1500 + offsetMs) * 24
      for (let i = 0; from + i < voice.length && begin + i < microphone.length; i++) microphone[begin + i]! += voice[from + i]!
      const through = passed(run({ played, microphone, floor: measured }))
      expect(through[0]! * FRAME_MS - (1500 + offsetMs)).toBeLessThanOrEqual(60)
      expect(through[0]! * FRAME_MS).toBeGreaterThan(1500 - FRAME_MS)
      // Half a second of words without a hole.
      expect(through.slice(0, 12)).toEqual(Array.from({ length: 12 }, (_, i) => through[0]! + i))
    }
  })

  it('stays closed to any voice as long as nobody has measured the echo', () => {
    const { played, microphone } = room(3000)
    for (let i = 24_000; i < 48_000; i++) microphone[i]! += 0.8 * Math.sin(i / 10)
    expect(passed(run({ played, microphone, floor: undefined })).filter(at => at < 50 + UNMEASURED_TAIL_MS / FRAME_MS)).toEqual([])
  })

  it('does not take a loud room for a voice', () => {
    const { played } = room(3000)
    const microphone = Float32Array.from(played, (_, i) => 0.05 * Math.sin(i * i))
    expect(passed(run({ played, microphone, floor: { lossDb: 60, noiseLevel: 0.035, tailMs: 150 } })).filter(at => at > 10 && at < 60)).toEqual([])
  })

  it('passes everything while the floor is held', () => {
    const { played, microphone } = room(2000)
    microphone.fill(0.01)
    expect(passed(run({ played, microphone, floor: undefined, held: true }))).toHaveLength(50)
  })
})

describe('the gate after an answer', () => {
  it.each([['measured', measured, measured.tailMs], ['not measured', undefined, UNMEASURED_TAIL_MS]])('opens once the room is quiet, %s', (_, floor, tailMs) => {
    const played = new Float32Array(72_000)
    played.fill(0.1, 0, 24_000)
    const microphone = new Float32Array(72_000).fill(0.002)
    const first = passed(run({ played, microphone, floor }))[0]! * FRAME_MS
    expect(first).toBeGreaterThanOrEqual(1000 + tailMs)
    expect(first).toBeLessThanOrEqual(1000 + tailMs + METER_SAMPLES / 24 + 2 * FRAME_MS)
  })

  it('forgets how loud it was', () => {
    let state: GateState = { name: 'closed', loudest: 0.9, quietMs: 0 }
    for (let i = 0; i < 20; i++) state = stepGate(state, silent, measured)
    expect(state).toEqual(openGate)
    const quietAnswer = { ...silent, playedLevel: 0.01, micLevel: 0.02 }
    expect(stepGate(state, quietAnswer, measured)).toMatchObject({ name: 'talked_over', loudest: 0.01 })
  })
})

describe('whatever happens', () => {
  const level = fc.constantFrom(0, 0.0001, 0.001, 0.01, 0.1, 1)
  const frame = fc.record<GateFrame>({ lengthMs: fc.constantFrom(20, 40), playedLevel: level, micLevel: level, held: fc.boolean() })
  const frames = fc.array(frame, { maxLength: 60 })
  const floor = fc.record<EchoFloor>({ lossDb: fc.integer({ min: -10, max: 60 }), noiseLevel: level, tailMs: fc.integer({ min: 0, max: 600 }) })
  const floors = fc.option(floor, { nil: undefined })

  it('the gate is open a tail after the last sound, and closed to what an echo of that loudness could be', () => {
    fc.assert(fc.property(frames, floors, (sequence, floor) => {
      let state = openGate
      for (const frame of sequence) {
        const before = state
        state = stepGate(state, frame, floor)
        const couldBeEcho = frame.micLevel <= frame.playedLevel * 10 ** (-(floor?.lossDb ?? -100) / 20)
        if (!frame.held && frame.playedLevel > 0.0005 && before.name !== 'talked_over' && couldBeEcho) expect(state.name).toBe('closed')
      }
      for (let ms = 0; ms <= (floor?.tailMs ?? UNMEASURED_TAIL_MS); ms += 40) state = stepGate(state, silent, floor)
      expect(state).toEqual(openGate)
    }))
  })

  it('a gate that is off changes nothing', () => {
    const settings = { halfDuplex: false, echoFloor: undefined }
    const gate = createHalfDuplex(() => settings)
    gate.listenTo(() => 1)
    const frame = { samples: new Int16Array(960).fill(7), level: 0.1, firstSample: 0 }
    expect(gate.filter(frame)).toBe(frame)
    settings.halfDuplex = true
    expect(gate.filter(frame).samples.some(sample => sample !== 0)).toBe(false)
    settings.halfDuplex = false
    expect(gate.filter(frame)).toBe(frame)
  })
})
