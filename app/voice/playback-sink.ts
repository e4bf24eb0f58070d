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

/** Time constant of the change from one way to another. */
const FADE_TIME_S = 0.004
/** Ten of them: below -80 dB. */
const FADED_MS = 40

/** The playback processor, connected to the output. Rejects with a reason when it can't be loaded. */
export async function openPlaybackSink(context: AudioContext, output: SinkOutput, workletUrl: string = playbackWorkletUrl): Promise<PlaybackSink> {
  await loadWorklet(context, workletUrl)
  // One output channel: browsers play mono on both sides.
  const node = new AudioWorkletNode(context, 'kaiwa-playback', { numberOfInputs: 0, numberOfOutputs: 1, outputChannelCount: [1] })
  let way = output
  let door = openDoor(output.input, 1)

  /** Between processor and way: what is cut off or comes in without a fade clicks. */
  function openDoor(to: AudioNode, level: number): GainNode {
    const gain = context.createGain()
    gain.gain.value = level
    node.connect(gain).connect(to)
    return gain
  }
  return {
    send(command) {
      node.port.postMessage(command)
      if (command.type === 'clear') way.hush?.()
    },
    onReport(listener) { node.port.onmessage = (event: MessageEvent<PlayoutReport>) => listener(event.data) },
    get latencyMs() { return way.latencyMs },
    route(next) {
      if (next.input !== way.input) {
        const before = door
        door = openDoor(next.input, 0)
        // For a moment both sound, which is not heard; between them there would be a gap.
        door.gain.setTargetAtTime(1, context.currentTime, FADE_TIME_S)
        before.gain.setTargetAtTime(0, context.currentTime, FADE_TIME_S)
        setTimeout(() => {
          node.disconnect(before)
          before.disconnect()
        }, FADED_MS)
      }
      way = next
    },
    close() {
      node.port.postMessage({ type: 'close' } satisfies PlayoutCommand)
      node.port.onmessage = null
      node.disconnect()
      door.disconnect()
    },
  }
}
