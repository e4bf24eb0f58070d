import { workletScope } from './worklet-scope.ts'

const { AudioWorkletProcessor, registerProcessor } = workletScope

/** A tenth of a second at most, at the usual rates. */
const BLOCK_SAMPLES = 4096

/** Records its two inputs, microphone and what is played, by one clock, and posts both in blocks. Any message to the port closes it. */
class EchoProcessor extends AudioWorkletProcessor {
  #open = true
  #filled = 0
  readonly #microphone = new Float32Array(BLOCK_SAMPLES)
  readonly #reference = new Float32Array(BLOCK_SAMPLES)

  constructor() {
    super()
    this.port.onmessage = () => { this.#open = false }
  }

  process(inputs: Float32Array[][], outputs: Float32Array[][]): boolean {
    const length = outputs[0]?.[0]?.length ?? 128
    if (this.#filled + length > BLOCK_SAMPLES) this.#post()
    this.#take(this.#microphone, inputs[0]?.[0], length)
    this.#take(this.#reference, inputs[1]?.[0], length)
    this.#filled += length
    return this.#open
  }

  #take(block: Float32Array, input: Float32Array | undefined, length: number): void {
    if (input) block.set(input, this.#filled)
    else block.fill(0, this.#filled, this.#filled + length)
  }

  #post(): void {
    this.port.postMessage({ microphone: this.#microphone.subarray(0, this.#filled).slice(), reference: this.#reference.subarray(0, this.#filled).slice() })
    this.#filled = 0
  }
}

registerProcessor('kaiwa-echo', EchoProcessor)
