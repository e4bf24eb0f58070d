/** The part of sherpa-onnx-node that is used here; the package ships no types. */
declare module 'sherpa-onnx-node' {
  interface Waveform { samples: Float32Array, sampleRate: number }
  interface Result { text: string }
  interface OnlineStream { acceptWaveform(waveform: Waveform): void, inputFinished(): void }
  interface OfflineStream { acceptWaveform(waveform: Waveform): void }
  export class OnlineRecognizer {
    constructor(config: Record<string, unknown>)
    createStream(): OnlineStream
    isReady(stream: OnlineStream): boolean
    decode(stream: OnlineStream): void
    getResult(stream: OnlineStream): Result
  }
  export class OfflineRecognizer {
    constructor(config: Record<string, unknown>)
    createStream(): OfflineStream
    decode(stream: OfflineStream): void
    getResult(stream: OfflineStream): Result
  }
  export class OfflineTts {
    constructor(config: Record<string, unknown>)
    readonly numSpeakers: number
    readonly sampleRate: number
    generate(request: { text: string, sid: number, speed: number, enableExternalBuffer: boolean }): { samples: Float32Array, sampleRate: number }
  }
}
