// Its SIMD twin is no faster (bench/noise.ts).
import rnnoiseUrl from '@sapphi-red/web-noise-suppressor/rnnoise.wasm?url'
import noiseWorkletUrl from '../worklets/noise.worklet.ts?worker&url'
import type { NoiseReport } from '../worklets/noise.worklet.ts'
import { setTimerOfPage } from './page-timer.ts'
import type { NoiseFilter } from './voice-settings.ts'
import { loadWorklet } from './worklet-module.ts'

/** A node between microphone and capture that takes noise out. Disconnecting it is the caller's. */
export interface NoiseNode extends AudioNode {
  /** How late the sound gets by it, ms. */
  readonly delayMs: number
  /** Ends its processor and frees what that holds. Idempotent. */
  destroy(): void
}

export interface NoiseNodeEnvironment {
  /** Told why there is no node. @default a warning in the console */
  onFailed?: (why: string) => void
  workletUrl?: string
  programUrl?: string
  fetch?: (url: string, init: { signal: AbortSignal }) => Promise<Response>
  createNode?: (context: AudioContext, name: string, options: AudioWorkletNodeOptions) => AudioWorkletNode
  setTimer?: (callback: () => void, delayMs: number) => () => void
}

/** 150 kB from our own origin: longer than this and it will not come. */
const LOAD_TIMEOUT_MS = 10_000
/** The processor answers with its first quantum or two; a context that doesn't run yet gives none. */
const READY_TIMEOUT_MS = 2000
/**
 * Our own filter for a microphone: RNNoise in a worklet of ours. The package's own worklet takes 48 kHz for granted, is silent while it
 * loads and for ever if that fails, and never hears that it should end.
 * @returns undefined when there is no such filter or it can't be had; the call goes on without. Never rejects.
 */
export async function openNoiseNode(context: AudioContext, filter: NoiseFilter, environment: NoiseNodeEnvironment = {}): Promise<NoiseNode | undefined> {
  if (filter !== 'rnnoise') return undefined
  const { onFailed = why => console.warn(`The noise filter can't be used: ${why}`) } = environment
  try {
    const [program] = await Promise.all([compile(environment), loadWorklet(context, environment.workletUrl ?? noiseWorkletUrl)])
    return await start(context, program, environment)
  } catch (error) {
    onFailed(error instanceof Error ? error.message : String(error))
    return undefined
  }
}

async function compile({ programUrl = rnnoiseUrl, fetch = globalThis.fetch }: NoiseNodeEnvironment): Promise<WebAssembly.Module> {
  const response = await fetch(programUrl, { signal: AbortSignal.timeout(LOAD_TIMEOUT_MS) })
  if (!response.ok) throw new Error(`its program could not be fetched (${response.status})`)
  return WebAssembly.compile(await response.arrayBuffer())
}

async function start(context: AudioContext, program: WebAssembly.Module, environment: NoiseNodeEnvironment): Promise<NoiseNode> {
  const { createNode = (...args) => new AudioWorkletNode(...args), setTimer = setTimerOfPage } = environment
  const node = createNode(context, 'kaiwa-noise', {
    numberOfInputs: 1, numberOfOutputs: 1, outputChannelCount: [1], channelCount: 1, channelCountMode: 'explicit', processorOptions: { program },
  })
  const destroy = () => node.port.postMessage('close')
  const report = await new Promise<NoiseReport>(resolve => {
    const stop = setTimer(() => settle({ type: 'failed', why: 'its processor did not start' }), READY_TIMEOUT_MS)
    const settle = (result: NoiseReport) => {
      stop()
      node.port.onmessage = null
      resolve(result)
    }
    node.port.onmessage = (event: MessageEvent<NoiseReport>) => settle(event.data)
    node.addEventListener('processorerror', () => settle({ type: 'failed', why: 'its processor could not be made' }))
  })
  if (report.type === 'ready') return Object.assign(node, { delayMs: report.delayMs, destroy })
  destroy()
  throw new Error(report.why)
}
