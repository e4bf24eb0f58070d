import { workletScope } from '../../../app/worklets/worklet-scope.ts'

const { AudioWorkletProcessor, registerProcessor } = workletScope

/** Passes on what it hears and posts every sample of it, 10 quanta at a time. */
class TapProcessor extends AudioWorkletProcessor {
  #block = new Float32Array(1280)
  #filled = 0
  constructor() {
    super()
    this.port.onmessage = () => {
      this.port.postMessage(this.#block.slice(0, this.#filled))
      this.port.postMessage('end')
    }
  }

  process(inputs: Float32Array[][], outputs: Float32Array[][]): boolean {
    const output = outputs[0]![0]!
    const input = inputs[0]?.[0]
    if (input) output.set(input)
    this.#block.set(output, this.#filled)
    this.#filled += output.length
    if (this.#filled === this.#block.length) {
      this.port.postMessage(this.#block)
      this.#filled = 0
    }
    return true
  }
}

registerProcessor('tap', TapProcessor)
