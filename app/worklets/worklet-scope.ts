/** The audio thread's globals, which DOM's types leave out (Web Audio API, section 1.32). */
interface WorkletScope {
  AudioWorkletProcessor: new () => { readonly port: MessagePort }
  registerProcessor(name: string, processor: new (options: never) => { process(inputs: Float32Array[][], outputs: Float32Array[][]): boolean }): void
  /** Rate of the context, Hz. */
  sampleRate: number
}

/** Read in worklets only: elsewhere these are undefined. */
export const workletScope = globalThis as unknown as WorkletScope
