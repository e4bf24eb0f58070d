import type { CaptureFrame } from '@kaiwa/audio'
import captureWorkletUrl from '../worklets/capture.worklet.ts?worker&url'
import { captureFailed, insecurePage, microphoneFault, microphoneLost, openingCancelled, type MicrophoneFault } from './microphone-fault.ts'
import { loadWorklet } from './worklet-module.ts'

export type { MicrophoneFault } from './microphone-fault.ts'

export interface MicrophoneFrame {
  /** PCM16 24 kHz mono, 40 ms (960 samples). */
  samples: Int16Array
  /** Root mean square, 0 to 1. */
  level: number
  /** Index of the first sample since the microphone opened. */
  firstSample: number
}

export interface Microphone {
  onFrame(listener: (frame: MicrophoneFrame) => void): void
  /** The microphone is gone without having been closed; called once. */
  onEnded(listener: (fault: MicrophoneFault) => void): void
  /** While muted no frame leaves. */
  setMuted(muted: boolean): void
  /** Stops the tracks, so that the browser's recording sign goes out. Idempotent. */
  close(): void
}

export interface MicrophoneEnvironment {
  /** @default navigator.mediaDevices, which is undefined on an insecure page */
  mediaDevices?: Pick<MediaDevices, 'getUserMedia'>
  /** @default globalThis.isSecureContext */
  isSecureContext?: boolean
  /** Ends the wait for the permission; tracks that come later are stopped. */
  signal?: AbortSignal
  /** Address of the capture worklet. */
  workletUrl?: string
  createNode?: (context: AudioContext, name: string, options: AudioWorkletNodeOptions) => AudioWorkletNode
}

export type MicrophoneOpening = { ok: true, microphone: Microphone } | { ok: false, fault: MicrophoneFault }

const wanted: MediaTrackConstraints = { echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: 1 }

/**
 * Asks for the microphone and captures it. Waits for the permission as long as the person thinks about it.
 * Never rejects: every failure is a fault. The context is the caller's; the tracks are the microphone's own.
 */
export async function openMicrophone(context: AudioContext, environment: MicrophoneEnvironment = {}): Promise<MicrophoneOpening> {
  const { mediaDevices = globalThis.navigator?.mediaDevices, isSecureContext = globalThis.isSecureContext, signal } = environment
  if (!isSecureContext || !mediaDevices) return { ok: false, fault: insecurePage }
  const streaming = await untilAborted(askForStream(mediaDevices), signal)
  if ('fault' in streaming) return { ok: false, fault: streaming.fault }
  const { stream } = streaming
  try {
    await loadWorklet(context, environment.workletUrl ?? captureWorkletUrl)
    if (!signal?.aborted) return { ok: true, microphone: capture(context, stream, environment) }
  } catch {
    stopTracks(stream)
    return { ok: false, fault: captureFailed }
  }
  stopTracks(stream)
  return { ok: false, fault: openingCancelled }
}

type Streaming = { stream: MediaStream } | { fault: MicrophoneFault }

async function askForStream(mediaDevices: Pick<MediaDevices, 'getUserMedia'>): Promise<Streaming> {
  try {
    return { stream: await mediaDevices.getUserMedia({ audio: wanted }) }
  } catch (error) {
    if (!(error instanceof Error || error instanceof DOMException) || error.name !== 'OverconstrainedError') return { fault: microphoneFault(error) }
  }
  try {
    // A microphone that can do none of what was wished for is still a microphone.
    return { stream: await mediaDevices.getUserMedia({ audio: true }) }
  } catch (error) {
    return { fault: microphoneFault(error) }
  }
}

/** The permission prompt can stay open for ever: whoever stops waiting leaves behind that late tracks are stopped. */
function untilAborted(asking: Promise<Streaming>, signal: AbortSignal | undefined): Promise<Streaming> {
  if (!signal) return asking
  return new Promise(resolve => {
    const cancel = () => resolve({ fault: openingCancelled })
    if (signal.aborted) cancel()
    signal.addEventListener('abort', cancel, { once: true })
    void asking.then(streaming => {
      signal.removeEventListener('abort', cancel)
      if (signal.aborted && 'stream' in streaming) stopTracks(streaming.stream)
      resolve(streaming)
    })
  })
}

function capture(context: AudioContext, stream: MediaStream, environment: MicrophoneEnvironment): Microphone {
  const createNode = environment.createNode ?? ((...args) => new AudioWorkletNode(...args))
  const node = createNode(context, 'kaiwa-capture', { numberOfInputs: 1, numberOfOutputs: 1, channelCount: 1, channelCountMode: 'explicit' })
  const source = context.createMediaStreamSource(stream)
  let frameListener: ((frame: MicrophoneFrame) => void) | undefined
  let endedListener: ((fault: MicrophoneFault) => void) | undefined
  let muted = false
  let closed = false

  function close(): void {
    if (closed) return
    closed = true
    stopTracks(stream)
    source.disconnect()
    node.disconnect()
    node.port.onmessage = null
    node.port.postMessage('close')
  }

  function lose(fault: MicrophoneFault): void {
    if (closed) return
    close()
    endedListener?.(fault)
  }

  node.port.onmessage = (event: MessageEvent<CaptureFrame>) => {
    if (!muted) frameListener?.(event.data)
  }
  node.addEventListener('processorerror', () => lose(captureFailed))
  for (const track of stream.getTracks()) track.addEventListener('ended', () => lose(microphoneLost))
  source.connect(node)
  // Its output is silence; browsers may leave out a node that leads nowhere.
  node.connect(context.destination)

  return {
    onFrame(listener) { frameListener = listener },
    onEnded(listener) { endedListener = listener },
    setMuted(next) {
      muted = next
      // Silences the source too: the frame that spans an unmute holds nothing that was said while muted.
      for (const track of stream.getTracks()) track.enabled = !next
    },
    close,
  }
}

function stopTracks(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop()
}
