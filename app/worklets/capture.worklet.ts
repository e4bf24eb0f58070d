import { createCapture } from '@kaiwa/audio'
import { workletScope } from './worklet-scope.ts'

const { AudioWorkletProcessor, registerProcessor, sampleRate } = workletScope

/**
 * Microphone → frames of 40 ms, PCM16 at 24 kHz, posted as `CaptureFrame`. Nothing is allocated per quantum; the port copies one frame
 * 25 times a second. Any message to the port closes it.
 */
class CaptureProcessor extends AudioWorkletProcessor {
  #open = true
  readonly #capture = createCapture({ inputRate: sampleRate }, frame => this.port.postMessage(frame))

  constructor() {
    super()
    this.port.onmessage = () => { this.#open = false }
  }

  process(inputs: Float32Array[][], outputs: Float32Array[][]): boolean {
    if (!this.#open) return false
    const quantum = inputs[0]?.[0]
    if (quantum) this.#capture.write(quantum)
    else this.#capture.writeSilence(outputs[0]?.[0]?.length ?? 128)
    return true
  }
}

registerProcessor('kaiwa-capture', CaptureProcessor)
