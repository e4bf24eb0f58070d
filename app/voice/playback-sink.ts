import type { PlayoutCommand, PlayoutReport } from '@kaiwa/audio'
import playbackWorkletUrl from '../worklets/playback.worklet.ts?worker&url'
import type { Output } from './output.ts'
import { loadWorklet } from './worklet-module.ts'

type SinkOutput = Pick<Output, 'input' | 'latencyMs' | 'hush'>

/** Where the player's commands go and reports come from: the processor in the audio thread, or a fake. Commands keep their order. */
export interface PlaybackSink {
  send(command: PlayoutCommand): void
  onReport(listener: (report: PlayoutReport) => void): void
  /** From the processor to the ear, as far as the browser knows; changes with the device. */
  readonly latencyMs: number
  /** Another way to the ear on the same context. */
  route(output: SinkOutput): void
  close(): void
}

/** The playback processor, connected to the output. Rejects with a reason when it can't be loaded. */
export async function openPlaybackSink(context: AudioContext, output: SinkOutput, workletUrl: string = playbackWorkletUrl): Promise<PlaybackSink> {
  await loadWorklet(context, workletUrl)
  // One output channel: browsers play mono on both sides.
  const node = new AudioWorkletNode(context, 'kaiwa-playback', { numberOfInputs: 0, numberOfOutputs: 1, outputChannelCount: [1] })
  let way = output
  node.connect(way.input)
  return {
    send(command) {
      node.port.postMessage(command)
      if (command.type === 'clear') way.hush?.()
    },
    onReport(listener) { node.port.onmessage = (event: MessageEvent<PlayoutReport>) => listener(event.data) },
    get latencyMs() { return way.latencyMs },
    route(next) {
      // The new way first: for a moment both sound, which is not heard; between them there would be a gap.
      node.connect(next.input)
      if (next.input !== way.input) node.disconnect(way.input)
      way = next
    },
    close() {
      node.port.postMessage({ type: 'close' } satisfies PlayoutCommand)
      node.port.onmessage = null
      node.disconnect()
    },
  }
}
