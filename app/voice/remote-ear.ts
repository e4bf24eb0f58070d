import type { CaptureFrame } from '@kaiwa/audio'
import captureWorkletUrl from '../worklets/capture.worklet.ts?worker&url'
import { loadWorklet } from './worklet-module.ts'

/**
 * Frames of 40 ms of what a stream sounds like, to be drawn; it is played elsewhere. Never rejects: without them nothing is drawn.
 * @returns the way out
 */
export function openRemoteEar(context: AudioContext, stream: MediaStream, onFrame: (frame: CaptureFrame) => void): () => void {
  let closed = false
  let leave = () => {}
  async function open() {
    await loadWorklet(context, captureWorkletUrl)
    if (closed) return
    const source = context.createMediaStreamSource(stream)
    const node = new AudioWorkletNode(context, 'kaiwa-capture', { numberOfInputs: 1, numberOfOutputs: 1, channelCount: 1, channelCountMode: 'explicit' })
    node.port.onmessage = (event: MessageEvent<CaptureFrame>) => onFrame(event.data)
    // Its output is silence; browsers may leave out a node that leads nowhere.
    source.connect(node).connect(context.destination)
    leave = () => {
      source.disconnect()
      node.disconnect()
      node.port.onmessage = null
      node.port.postMessage('close')
    }
  }
  void open().catch(() => undefined)
  return () => {
    closed = true
    leave()
  }
}
