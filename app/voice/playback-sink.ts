import type { PlayoutCommand, PlayoutReport } from '@kaiwa/audio'
import playbackWorkletUrl from '../worklets/playback.worklet.ts?worker&url'
import { loadWorklet } from './worklet-module.ts'

/** Where the player's commands go and reports come from: the processor in the audio thread, or a fake. Commands keep their order. */
export interface PlaybackSink {
  send(command: PlayoutCommand): void
  onReport(listener: (report: PlayoutReport) => void): void
  /** From the processor to the ear, as far as the browser knows; changes with the device. */
  readonly latencyMs: number
  close(): void
}

/** A device that claims more than this is wrong, and would make everything look unheard. */
const MAX_LATENCY_MS = 1000

/** The playback processor, connected to the context's destination. Rejects with a reason when it can't be loaded. */
export async function openPlaybackSink(context: AudioContext, workletUrl: string = playbackWorkletUrl): Promise<PlaybackSink> {
  await loadWorklet(context, workletUrl)
  // One output channel: browsers play mono on both sides.
  const node = new AudioWorkletNode(context, 'kaiwa-playback', { numberOfInputs: 0, numberOfOutputs: 1, outputChannelCount: [1] })
  node.connect(context.destination)
  return {
    send: command => node.port.postMessage(command),
    onReport(listener) { node.port.onmessage = (event: MessageEvent<PlayoutReport>) => listener(event.data) },
    get latencyMs() { return latencyMs(context) },
    close() {
      node.port.postMessage({ type: 'close' } satisfies PlayoutCommand)
      node.port.onmessage = null
      node.disconnect()
    },
  }
}

/** Base latency (processing) and output latency (device); browsers leave out either, or say NaN. */
export function latencyMs(context: { baseLatency?: number, outputLatency?: number }): number {
  const seconds = [context.baseLatency, context.outputLatency].map(part => part !== undefined && Number.isFinite(part) ? Math.max(0, part) : 0)
  return Math.min(MAX_LATENCY_MS, (seconds[0]! + seconds[1]!) * 1000)
}
