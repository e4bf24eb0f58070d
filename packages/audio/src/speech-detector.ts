/**
 * Is somebody speaking? Decided in the page, 20 ms at a time, so that a voice gives way before the server has noticed anything.
 *
 * Speech is what is louder than the room and has a pitch: the autocorrelation of 30 ms, at 8 kHz, has a peak between 70 and 400 Hz. Steady
 * noise has a level that the floor follows; a cough, a click or a door have no pitch, or not for long. Consonants have none either, and
 * count when they follow a vowel. It says nothing of who speaks: another voice in the room is speech.
 */
export interface SpeechDetector {
  /**
   * @param samples PCM16, 24 kHz, mono
   * @param sounding whether the loudspeaker sounds: what is left of its echo must not count, so speech has to be louder
   * @returns ms of speech noticed with these samples; more than their length where speech is found to have begun before them
   */
  write(samples: Int16Array, sounding?: boolean): number
  /** As new: another microphone. */
  reset(): void
}

export interface SpeechDetectorOptions {
  /** Above the room's level, dB. */
  marginDb: number
  /** More of it while the loudspeaker sounds, dB. */
  soundingDb: number
  /** Never speech below this level, dB of full scale. */
  leastDb: number
  /** Height of the autocorrelation's peak, 0 to 1. */
  pitched: number
  /** Pitched stretches in a row before it is speech: 20 ms each. */
  onsetHops: number
  /** What follows the last pitched stretch and is loud still is speech for so long, ms. */
  hangoverMs: number
}

/** Measured in `test/speech-detector.test.ts`. */
export const speechDetectorDefaults = {
  marginDb: 9, soundingDb: 6, leastDb: -50, pitched: 0.6, onsetHops: 2, hangoverMs: 100,
} as const satisfies SpeechDetectorOptions

const DECIMATION = 3
const HOP_MS = 20
/** At 8 kHz. */
const HOP = 160
const WINDOW = 240
const MIN_LAG = 20
const MAX_LAG = 114
const HISTORY = WINDOW + MAX_LAG
/** The room is as loud as the quietest 20 ms of the last 1.5 s: people breathe, fans don't. In blocks, so that little is kept. */
const FLOOR_BLOCKS = 5
const BLOCK_HOPS = 15
/** Speech that has begun may get so much quieter, dB. */
const STAYING_DB = 5
const FULL_SCALE = 32_768

export function createSpeechDetector(options: SpeechDetectorOptions = speechDetectorDefaults): SpeechDetector {
  const { marginDb, soundingDb, leastDb, pitched, onsetHops, hangoverMs } = options
  const history = new Float32Array(HISTORY)
  const hop = new Float32Array(HOP)
  const blocks = new Float32Array(FLOOR_BLOCKS)
  let partial = 0
  let partialCount = 0
  let filled = 0
  let block = 0
  let blockHops = 0
  let pitchedHops = 0
  let speaking = false
  let sincePitchedMs = 0

  function reset(): void {
    history.fill(0)
    // Nothing known: the first sound counts, as in a quiet room.
    blocks.fill(leastDb - marginDb)
    partial = partialCount = filled = block = blockHops = pitchedHops = sincePitchedMs = 0
    speaking = false
  }

  /** The level of the room, after this hop is part of it. */
  function floorWith(levelDb: number): number {
    if (blockHops++ === 0) blocks[block] = levelDb
    else blocks[block] = Math.min(blocks[block]!, levelDb)
    if (blockHops === BLOCK_HOPS) {
      blockHops = 0
      block = (block + 1) % FLOOR_BLOCKS
    }
    return blocks.reduce((least, level) => Math.min(least, level), Infinity)
  }

  function judge(sounding: boolean): number {
    history.copyWithin(0, HOP)
    history.set(hop, HISTORY - HOP)
    const levelDb = 10 * Math.log10(power(hop) + 1e-12)
    const least = Math.max(leastDb, floorWith(levelDb) + marginDb) + (sounding ? soundingDb : 0)
    const loud = levelDb > (speaking ? least - STAYING_DB : least)
    const isPitched = loud && pitch(history) > pitched
    pitchedHops = isPitched ? pitchedHops + 1 : 0
    sincePitchedMs = isPitched ? 0 : sincePitchedMs + HOP_MS
    if (speaking) {
      speaking = isPitched || (sincePitchedMs <= hangoverMs && loud)
      return speaking ? HOP_MS : 0
    }
    speaking = pitchedHops >= onsetHops
    return speaking ? pitchedHops * HOP_MS : 0
  }

  reset()
  return {
    write(samples, sounding = false) {
      let speechMs = 0
      for (const sample of samples) {
        partial += sample
        if (++partialCount < DECIMATION) continue
        hop[filled++] = partial / (DECIMATION * FULL_SCALE)
        partial = partialCount = 0
        if (filled < HOP) continue
        filled = 0
        speechMs += judge(sounding)
      }
      return speechMs
    },
    reset,
  }
}

function power(samples: Float32Array): number {
  let sum = 0
  for (const sample of samples) sum += sample * sample
  return sum / samples.length
}

/** The highest normalised autocorrelation at a lag of a human pitch, 0 to 1. */
function pitch(line: Float32Array): number {
  const start = MAX_LAG
  let energy = 0
  for (let i = 0; i < WINDOW; i++) energy += line[start + i]! ** 2
  let best = 0
  let lagged = 0
  for (let i = 0; i < WINDOW; i++) lagged += line[start - MIN_LAG + i]! ** 2
  for (let lag = MIN_LAG; lag <= MAX_LAG; lag++) {
    let product = 0
    for (let i = 0; i < WINDOW; i++) product += line[start + i]! * line[start - lag + i]!
    best = Math.max(best, product / Math.sqrt(energy * lagged + 1e-12))
    const next = start - lag - 1
    if (next >= 0) lagged += line[next]! ** 2 - line[next + WINDOW]! ** 2
  }
  return best
}
