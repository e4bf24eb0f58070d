import { createNoiseFilter, createRnnoise, type RnnoiseExports } from '@kaiwa/audio'
import { workletScope } from './worklet-scope.ts'

const { AudioWorkletProcessor, registerProcessor, sampleRate } = workletScope

/** What the processor says first: it works, and how late it is; or why it can't. */
export type NoiseReport = { type: 'ready', delayMs: number } | { type: 'failed', why: string }

interface NoiseOptions { processorOptions: { program: WebAssembly.Module } }

/** Sound in, the same sound without noise out (RNNoise). Nothing is allocated per quantum. Any message to the port closes it. */
class NoiseProcessor extends AudioWorkletProcessor {
  #open = true
  #work: ReturnType<typeof openWork> | undefined

  constructor({ processorOptions: { program } }: NoiseOptions) {
    super()
    this.port.onmessage = () => this.#close()
    try {
      this.#work = openWork(program)
      this.port.postMessage({ type: 'ready', delayMs: this.#work.filter.delayMs } satisfies NoiseReport)
    } catch (error) {
      this.port.postMessage({ type: 'failed', why: String(error) } satisfies NoiseReport)
    }
  }

  process(inputs: Float32Array[][], outputs: Float32Array[][]): boolean {
    const input = inputs[0]?.[0]
    const output = outputs[0]?.[0]
    if (!this.#work || !output) return this.#open
    if (input) this.#work.filter.process(input, output)
    else this.#work.filter.processSilence(output)
    return this.#open
  }

  #close(): void {
    this.#open = false
    this.#work?.denoiser.close()
    this.#work = undefined
  }
}

function openWork(program: WebAssembly.Module) {
  const denoiser = createRnnoise(imports => new WebAssembly.Instance(program, { ...imports }).exports as unknown as RnnoiseExports)
  return { denoiser, filter: createNoiseFilter({ contextRate: sampleRate }, denoiser) }
}

registerProcessor('kaiwa-noise', NoiseProcessor)
