/**
 * A signal in which each 20 ms can be told from every other: two tones, of which the pair is the block's number. Each tone has whole
 * periods in a block, so that blocks meet at zero: whatever steps or is missing was not in the signal.
 */
export const BLOCK_MS = 20
const LOW_HZ = 400
const STEP_HZ = 100
const GROUP = 18
/** 6.5 s. */
const MAX_BLOCKS = GROUP * GROUP
const LEVEL = 0.2
/** A block is recognised by its middle: its edges may be faded. */
const EDGE_MS = 5

const lowOf = (block: number) => LOW_HZ + STEP_HZ * Math.floor(block / GROUP)
const highOf = (block: number) => LOW_HZ + STEP_HZ * (GROUP + block % GROUP)

/** Blocks `from` to `from + count` as floats. */
export function markedVoice(sampleRate: number, count: number, from = 0): Float32Array {
  const length = BLOCK_MS * sampleRate / 1000
  return Float32Array.from({ length: count * length }, (_, i) => {
    const block = from + Math.floor(i / length)
    const seconds = (i % length) / sampleRate
    return LEVEL * (Math.sin(2 * Math.PI * lowOf(block) * seconds) + Math.sin(2 * Math.PI * highOf(block) * seconds))
  })
}

/** Energy of a tone in a stretch of samples (Goertzel), as the share of all energy there. */
function share(samples: Float32Array, from: number, to: number, hz: number, sampleRate: number): number {
  let sine = 0
  let cosine = 0
  let energy = 0
  for (let i = from; i < to; i++) {
    const sample = samples[i] ?? 0
    const angle = 2 * Math.PI * hz * (i - from) / sampleRate
    sine += sample * Math.sin(angle)
    cosine += sample * Math.cos(angle)
    energy += sample * sample
  }
  return energy === 0 ? 0 : 2 * (sine * sine + cosine * cosine) / (energy * (to - from))
}

/** What sounds in the 20 ms from `at` on; undefined when it isn't one block. */
function blockAt(samples: Float32Array, at: number, sampleRate: number): number | undefined {
  const [from, to] = [Math.round(at + EDGE_MS * sampleRate / 1000), Math.round(at + (BLOCK_MS - EDGE_MS) * sampleRate / 1000)]
  const loudest = (first: number) => Array.from({ length: GROUP }, (_, i) => ({ i, part: share(samples, from, to, first + STEP_HZ * i, sampleRate) }))
    .reduce((best, next) => next.part > best.part ? next : best)
  const low = loudest(LOW_HZ)
  const high = loudest(LOW_HZ + STEP_HZ * GROUP)
  return low.part > 0.3 && high.part > 0.3 && low.part + high.part > 0.85 ? low.i * GROUP + high.i : undefined
}

/** How well block `block` fits at `at`, 0 to 1. */
function fit(samples: Float32Array, at: number, template: Float32Array): number {
  let product = 0
  let own = 0
  let total = 0
  for (let i = 0; i < template.length; i++) {
    const sample = samples[at + i] ?? 0
    product += sample * template[i]!
    own += template[i]! ** 2
    total += sample * sample
  }
  return total === 0 ? 0 : product / Math.sqrt(own * total)
}

/** Where a block begins, to the sample; -1 when it isn't there. Searched from `from` on. */
export function findBlock(samples: Float32Array, sampleRate: number, block = 0, from = 0): number {
  const template = markedVoice(sampleRate, 1, block)
  let best = { at: -1, fit: 0.7 }
  for (let at = from; at + template.length <= samples.length; at++) {
    if (best.at >= 0 && at > best.at + template.length) break
    // A quick look first: most places are silent.
    if (Math.abs(samples[at + (template.length >> 2)]!) + Math.abs(samples[at + (template.length >> 1) + 7]!) < 1e-4) continue
    const here = fit(samples, at, template)
    if (here > best.fit) best = { at, fit: here }
  }
  return best.at
}

/** The blocks from `at` on, one each 20 ms, `undefined` where none can be told; ends with the samples. */
export function readBlocks(samples: Float32Array, sampleRate: number, at: number): (number | undefined)[] {
  const length = BLOCK_MS * sampleRate / 1000
  return Array.from({ length: Math.max(0, Math.round((samples.length - at) / length)) }, (_, i) => blockAt(samples, at + i * length, sampleRate))
}

interface Stretch { from: number, to: number }

/** Where there is sound: stretches between silences of at least 3 ms. */
export function soundingStretches(samples: Float32Array, sampleRate: number): Stretch[] {
  const gap = Math.round(0.003 * sampleRate)
  const stretches: Stretch[] = []
  let last = -Infinity
  for (const [i, sample] of samples.entries()) {
    if (Math.abs(sample) < 1e-6) continue
    if (i - last > gap) stretches.push({ from: i, to: i + 1 })
    stretches.at(-1)!.to = i + 1
    last = i
  }
  return stretches
}

/** The sound without the silences, as one. */
export function withoutSilence(samples: Float32Array, stretches: readonly Stretch[]): Float32Array {
  const whole = new Float32Array(stretches.reduce((sum, { from, to }) => sum + to - from, 0))
  stretches.reduce((at, { from, to }) => { whole.set(samples.subarray(from, to), at); return at + to - from }, 0)
  return whole
}

/** Largest step where sound begins or ends, dB of full scale. */
export function largestSeamDb(samples: Float32Array, stretches: readonly Stretch[]): number {
  const step = (i: number) => Math.abs((samples[i] ?? 0) - (samples[i - 1] ?? 0))
  return 20 * Math.log10(Math.max(1e-9, ...stretches.flatMap(({ from, to }) => [step(from), step(to)])))
}

/** The largest step beyond what the signal itself has at this rate, dB of full scale: clicks. */
export function largestClickDb(samples: Float32Array, sampleRate: number): number {
  const own = largestStep(markedVoice(sampleRate, MAX_BLOCKS))
  return 20 * Math.log10(Math.max(1e-9, largestStep(samples) - own))
}

function largestStep(samples: Float32Array): number {
  let largest = 0
  for (let i = 1; i < samples.length; i++) largest = Math.max(largest, Math.abs(samples[i]! - samples[i - 1]!))
  return largest
}

/** Runs of what was read, for people: `0–49, 60–99, ?`. */
export function inWords(blocks: readonly (number | undefined)[]): string {
  const runs: string[] = []
  for (let i = 0; i < blocks.length;) {
    let end = i
    while (end + 1 < blocks.length && blocks[end] !== undefined && blocks[end + 1] === blocks[end]! + 1) end++
    runs.push(blocks[i] === undefined ? '?' : end > i ? `${blocks[i]}–${blocks[end]}` : String(blocks[i]))
    i = end + 1
  }
  return runs.join(', ')
}
