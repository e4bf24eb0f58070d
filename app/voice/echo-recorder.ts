import type { EchoRecording } from '@kaiwa/audio'
import echoWorkletUrl from '../worklets/echo.worklet.ts?worker&url'
import type { Output } from './output.ts'
import { loadWorklet } from './worklet-module.ts'

/** Records what a microphone hears beside what is played, sample for sample. Keeps nothing, sends nothing. */
export interface EchoRecorder {
  readonly sampleRate: number
  /** Plays `probe` after `beforeMs` and records all the while. Rejects when the audio stands still. */
  record(lengthMs: number, probe?: { samples: Float32Array, beforeMs: number }): Promise<EchoRecording>
  close(): void
}

interface Block { microphone: Float32Array, reference: Float32Array }

/** A device that has not delivered by then will not. */
const GRACE_MS = 3000
/** Longer than any step of the check. Full ⇒ the recording ends there. */
const MAX_LENGTH_MS = 10_000

/** `output` is the caller's, and so is the stream, which this context has to take (`contextThatTakes`). Rejects when the recorder can't be loaded. */
export async function openEchoRecorder(context: AudioContext, stream: MediaStream, output: Pick<Output, 'input'>, workletUrl = echoWorkletUrl): Promise<EchoRecorder> {
  await loadWorklet(context, workletUrl)
  const node = new AudioWorkletNode(context, 'kaiwa-echo', { numberOfInputs: 2, numberOfOutputs: 1, channelCount: 1, channelCountMode: 'explicit' })
  const microphone = context.createMediaStreamSource(stream)
  microphone.connect(node, 0, 0)
  // What leaves the volume: the echo is weighed against what really sounds.
  output.input.connect(node, 0, 1)
  node.connect(context.destination)

  function play({ samples, beforeMs }: { samples: Float32Array, beforeMs: number }): void {
    const buffer = context.createBuffer(1, samples.length, context.sampleRate)
    buffer.getChannelData(0).set(samples)
    const source = context.createBufferSource()
    source.buffer = buffer
    source.connect(output.input)
    source.onended = () => source.disconnect()
    source.start(context.currentTime + beforeMs / 1000)
  }

  return {
    sampleRate: context.sampleRate,
    record(lengthMs, probe) {
      const wanted = Math.round(Math.min(lengthMs, MAX_LENGTH_MS) * context.sampleRate / 1000)
      const blocks: Block[] = []
      let recorded = 0
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => done(() => reject(new Error('The microphone delivered no sound in time.'))), lengthMs + GRACE_MS)
        const done = (settle: () => void) => {
          clearTimeout(timer)
          node.port.onmessage = null
          settle()
        }
        node.port.onmessage = ({ data }: MessageEvent<Block>) => {
          blocks.push(data)
          recorded += data.microphone.length
          if (recorded >= wanted) done(() => resolve({ microphone: join(blocks, 'microphone'), reference: join(blocks, 'reference'), sampleRate: context.sampleRate }))
        }
        if (probe) play(probe)
      })
    },
    close() {
      node.port.onmessage = null
      node.port.postMessage('close')
      microphone.disconnect()
      output.input.disconnect(node)
      node.disconnect()
    },
  }
}

function join(blocks: readonly Block[], which: keyof Block): Float32Array {
  const whole = new Float32Array(blocks.reduce((sum, block) => sum + block[which].length, 0))
  let at = 0
  for (const block of blocks) {
    whole.set(block[which], at)
    at += block[which].length
  }
  return whole
}
