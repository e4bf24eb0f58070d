import { createPlayout, type PlayoutCommand } from '@kaiwa/audio'
import { workletScope } from './worklet-scope.ts'

const { AudioWorkletProcessor, registerProcessor, sampleRate } = workletScope

/** Plays what `PlayoutCommand`s bring, and posts `PlayoutReport`s. Nothing is allocated per quantum; a report goes out every 50 ms of sound. */
class PlaybackProcessor extends AudioWorkletProcessor {
  readonly #playout = createPlayout({ contextRate: sampleRate }, report => this.port.postMessage(report))

  constructor() {
    super()
    this.port.onmessage = (event: MessageEvent<PlayoutCommand>) => this.#playout.receive(event.data)
  }

  process(_inputs: Float32Array[][], outputs: Float32Array[][]): boolean {
    const output = outputs[0]?.[0]
    return output ? this.#playout.process(output) : true
  }
}

registerProcessor('kaiwa-playback', PlaybackProcessor)
