/** Noises, 48 kHz, the same in every run: each is made from a seed. Levels are whoever's that mixes. */

const SAMPLE_RATE = 48_000

/** 0 to 1 (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6D2B79F5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

type Make = (length: number, seed: number, voices: readonly Float32Array[]) => Float32Array

function white(length: number, seed: number): Float32Array {
  const random = randomOf(seed)
  return Float32Array.from({ length }, () => random() + random() + random() - 1.5)
}

/** -3 dB an octave (P. Kellet's filter). */
function pink(length: number, seed: number): Float32Array {
  const poles = [[0.99886, 0.0555179], [0.99332, 0.0750759], [0.969, 0.153852], [0.8665, 0.3104856], [0.55, 0.5329522], [-0.7616, -0.016898]] as const
  const past = new Float64Array(poles.length)
  return white(length, seed).map(sample => {
    let sum = sample * 0.5362
    for (const [i, [pole, gain]] of poles.entries()) sum += past[i] = pole * past[i]! + gain * sample
    return sum
  })
}

/** A fan: blades at 118 Hz with their harmonics, slowly wavering, and a dull rush of air. */
function fan(length: number, seed: number): Float32Array {
  let low = 0
  const air = white(length, seed)
  return Float32Array.from({ length }, (_, i) => {
    const seconds = i / SAMPLE_RATE
    low += 0.05 * (air[i]! - low)
    const waver = 1 + 0.1 * Math.sin(2 * Math.PI * 0.7 * seconds)
    return waver * [1, 2, 3, 5].reduce((sum, n) => sum + 0.3 / n * Math.sin(2 * Math.PI * 118 * n * seconds), 0) + 2 * low
  })
}

/** Six of the given voices at once, each from somewhere else and over and over. */
function babble(length: number, seed: number, voices: readonly Float32Array[]): Float32Array {
  const random = randomOf(seed)
  const sum = new Float32Array(length)
  for (let talker = 0; talker < 6; talker++) {
    const voice = voices[talker % voices.length]!
    const from = Math.floor(random() * voice.length)
    for (let i = 0; i < length; i++) sum[i]! += voice[(from + i) % voice.length]!
  }
  return sum
}

/** Keys: seven strokes a second or so, each two short cracks of noise. */
function keyboard(length: number, seed: number): Float32Array {
  const random = randomOf(seed)
  const grain = white(length, seed + 1)
  const sum = new Float32Array(length)
  for (let at = 0; at < length; at += Math.floor(SAMPLE_RATE * (0.07 + 0.15 * random()))) {
    for (const [delayMs, level] of [[0, 1], [35 + 30 * random(), 0.5]] as const) {
      const begin = at + Math.floor(delayMs * SAMPLE_RATE / 1000)
      for (let i = begin; i < Math.min(length, begin + 2000); i++) sum[i]! += level * grain[i]! * Math.exp((begin - i) / 250)
    }
  }
  return sum
}

export const noises = { white, pink, fan, babble, keyboard } as const satisfies Record<string, Make>
