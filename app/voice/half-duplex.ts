import type { EchoFloor } from './echo-floor.ts'
import type { MicrophoneFrame } from './microphone.ts'
import type { VoiceSettings } from './voice-settings.ts'

/** The last resort against an echo: while the answer sounds, and until the room is quiet again, silence of the same length takes the microphone's place. */

/** One microphone frame, and what was played meanwhile. Levels are root mean squares, 0 to 1. */
export interface GateFrame {
  lengthMs: number
  playedLevel: number
  micLevel: number
  /** The talker holds the floor (a key, a button): whatever comes is meant. */
  held: boolean
}

export type GateState
  /** Nothing sounds. */
  = | { name: 'open' }
  /** `loudest`: what was played in this stretch of sound and may still echo. `quietMs`: since it last sounded. */
    | { name: 'closed', loudest: number, quietMs: number }
  /** Somebody speaks louder than any echo would be. `softMs`: since that was last so. */
    | { name: 'talked_over', loudest: number, quietMs: number, softMs: number }

/** −66 dB: what is softer than this doesn't come back. */
const SOUNDING_LEVEL = 0.0005
/** An echo that nobody measured: the way out and in of a slow device, and a living room. */
export const UNMEASURED_TAIL_MS = 250
/** A voice must be this much above the loudest echo that may come: reflections add up, people come closer to the microphone. */
const MARGIN = 10 ** (8 / 20)
/** In a room as loud as its echo, the room is no speech. */
const NOISE_MARGIN = 10 ** (12 / 20)
/** Pauses between syllables and words belong to what somebody says. */
const PAUSE_MS = 400

export const openGate: GateState = { name: 'open' }

/** @returns the next state; the frame passes unless that is `closed` */
export function stepGate(state: GateState, frame: GateFrame, floor: EchoFloor | undefined): GateState {
  if (frame.held) return openGate
  const { loudest, quietMs } = sounding(state, frame)
  if (loudest === 0 || quietMs > (floor?.tailMs ?? UNMEASURED_TAIL_MS)) return openGate
  if (frame.micLevel > speechLevel(loudest, floor)) return { name: 'talked_over', loudest, quietMs, softMs: 0 }
  if (state.name !== 'talked_over') return { name: 'closed', loudest, quietMs }
  const softMs = state.softMs + frame.lengthMs
  return softMs <= PAUSE_MS ? { name: 'talked_over', loudest, quietMs, softMs } : { name: 'closed', loudest, quietMs }
}

function sounding(state: GateState, { playedLevel, lengthMs }: GateFrame): { loudest: number, quietMs: number } {
  const before = state.name === 'open' ? { loudest: 0, quietMs: 0 } : state
  if (playedLevel >= SOUNDING_LEVEL) return { loudest: Math.max(before.loudest, playedLevel), quietMs: 0 }
  return { loudest: before.loudest, quietMs: before.quietMs + lengthMs }
}

/** Above this it is not the echo. */
function speechLevel(loudest: number, floor: EchoFloor | undefined): number {
  if (!floor) return Infinity
  return Math.max(loudest * 10 ** (-floor.lossDb / 20) * MARGIN, floor.noiseLevel * NOISE_MARGIN)
}

/** The gate on a call's microphone. */
export interface HalfDuplex {
  /** Where to look how loud what is played is, root mean square of the last frame or two; the newest counts. */
  listenTo(playedLevel: () => number): void
  setHeld(held: boolean): void
  /** The frame, or silence in its place: same length, same place in time. */
  filter(frame: MicrophoneFrame): MicrophoneFrame
}

const SAMPLES_PER_MS = 24

/** @param settings as they are now */
export function createHalfDuplex(settings: () => Pick<VoiceSettings, 'halfDuplex' | 'echoFloor'>): HalfDuplex {
  let state = openGate
  let held = false
  let playedLevel = () => 0
  return {
    listenTo(next) { playedLevel = next },
    setHeld(next) { held = next },
    filter(frame) {
      const { halfDuplex, echoFloor } = settings()
      if (!halfDuplex) {
        state = openGate
        return frame
      }
      const { samples, level, firstSample } = frame
      state = stepGate(state, { lengthMs: samples.length / SAMPLES_PER_MS, playedLevel: playedLevel(), micLevel: level, held }, echoFloor)
      return state.name === 'closed' ? { samples: new Int16Array(samples.length), level: 0, firstSample } : frame
    },
  }
}
