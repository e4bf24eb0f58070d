import v8 from 'node:v8'
import vm from 'node:vm'
import { createCapture, createNoiseFilter, createPlayout, createRnnoise, floatToPcm16 } from '@kaiwa/audio'
import { tone } from '../../packages/audio/test/tone.ts'
import { loadRnnoise } from '../noise/rnnoise-program.ts'

/** What runs in the audio thread: its share of a quantum, and what it allocates for one. */

const QUANTUM = 128
const ROUNDS = 5

export interface ProcessorCost {
  name: string
  contextRate: number
  microseconds: number
  /** Of the quantum's time, 0 to 1. */
  share: number
  bytesPerQuantum: number
}

type Work = () => (quantum: Float32Array) => void

function works(contextRate: number): Record<string, Work> {
  const samples = floatToPcm16(tone(440, 24_000, 24_000 * 12))
  return {
    capture() {
      const capture = createCapture({ inputRate: contextRate }, () => {})
      return quantum => capture.write(quantum)
    },
    playback() {
      const playout = createPlayout({ contextRate }, () => {})
      playout.receive({ type: 'play', segmentId: 'a', samples })
      return quantum => playout.process(quantum)
    },
    noise() {
      const filter = createNoiseFilter({ contextRate }, createRnnoise(loadRnnoise(false)))
      const output = new Float32Array(QUANTUM)
      return quantum => filter.process(quantum, output)
    },
  }
}

v8.setFlagsFromString('--expose-gc')
const collect = vm.runInNewContext('gc') as () => void

/** Bytes that stay or go: nothing is collected between the two looks, as long as less than a few MB is made. */
function allocated(run: (quanta: number) => void, quanta: number): number {
  // Until the compiler has nothing left to do.
  for (let i = 0; i < 5; i++) run(quanta)
  const used = () => {
    const { heapUsed, arrayBuffers } = process.memoryUsage()
    return heapUsed + arrayBuffers
  }
  const rounds = Array.from({ length: ROUNDS }, () => {
    collect()
    const before = used()
    run(quanta)
    return (used() - before) / quanta
  })
  return Math.max(0, Math.min(...rounds))
}

export function processorCosts(): ProcessorCost[] {
  return [44_100, 48_000, 96_000].flatMap(contextRate => Object.entries(works(contextRate)).map(([name, open]) => {
    const quanta = Math.floor(2 * contextRate / QUANTUM)
    const quantum = tone(440, contextRate, QUANTUM)
    const rounds = Array.from({ length: ROUNDS }, () => {
      const work = open()
      const begin = performance.now()
      for (let i = 0; i < quanta; i++) work(quantum)
      return (performance.now() - begin) * 1000 / quanta
    })
    const microseconds = Math.min(...rounds)
    const work = open()
    const bytesPerQuantum = allocated(count => { for (let i = 0; i < count; i++) work(quantum) }, quanta)
    return { name, contextRate, microseconds, share: microseconds / (QUANTUM / contextRate * 1e6), bytesPerQuantum }
  }))
}
