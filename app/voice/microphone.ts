import type { CaptureFrame } from '@kaiwa/audio'
import captureWorkletUrl from '../worklets/capture.worklet.ts?worker&url'
import { joinStream, type CaptureContext } from './capture-context.ts'
import { captureFailed, insecurePage, microphoneLost, openingCancelled, type MicrophoneFault } from './microphone-fault.ts'
import { askForStream, deviceOf, enable, stopTracks, untilAborted, wishes, type MicrophoneDevice, type OpenStream } from './microphone-stream.ts'
import type { NoiseFilter } from './voice-settings.ts'
import { openVoiceTrack } from './voice-track.ts'
import type { VoiceTrack } from './voice-track.ts'
import { loadWorklet } from './worklet-module.ts'

export type { MicrophoneFault } from './microphone-fault.ts'
export type { MicrophoneDevice } from './microphone-stream.ts'

export interface MicrophoneFrame {
  /** PCM16 24 kHz mono, 40 ms (960 samples). */
  samples: Int16Array
  /** Root mean square, 0 to 1. */
  level: number
  /** Index of the first sample since the microphone opened. */
  firstSample: number
}

export interface Microphone {
  readonly device: MicrophoneDevice
  onFrame(listener: (frame: MicrophoneFrame) => void): void
  /** The microphone is gone without having been closed; called once. */
  onEnded(listener: (fault: MicrophoneFault) => void): void
  /** The system took the sound away (true) or gave it back: a telephone call, a switch on the device. The tracks live on. */
  onTaken(listener: (taken: boolean) => void): void
  /** How loud it is around a muted microphone, 0 to 1, each 40 ms. Only these numbers exist: no sample of it gets here. */
  onMutedLevel(listener: (level: number) => void): void
  /** What it hears, as a track; undefined unless it was asked for. */
  readonly voice?: VoiceTrack
  /** While muted no frame leaves, and nothing of the voice. */
  setMuted(muted: boolean): void
  /** Stops the tracks, so that the browser's recording sign goes out. Idempotent. */
  close(): void
}

export interface MicrophoneEnvironment {
  /** This very device; when it isn't there, the system's own. @default the system's own */
  deviceId?: string
  /** Nothing in that device's place. @default no */
  only?: boolean
  /** @default 'browser' */
  noiseFilter?: NoiseFilter
  /** Makes the node that filters between source and capture; undefined: it can't, and the browser's own filter is used. @default none */
  openNoiseNode?: (context: AudioContext, filter: NoiseFilter) => Promise<AudioNode | undefined>
  /** Whether what it hears is wanted as a track too. @default no */
  asTrack?: boolean
  /** Whether its tracks are silent from the first moment. @default no */
  isMuted?: () => boolean
  /** @default navigator.mediaDevices, which is undefined on an insecure page */
  mediaDevices?: Pick<MediaDevices, 'getUserMedia'>
  /** @default globalThis.isSecureContext */
  isSecureContext?: boolean
  /** Ends the wait for the permission; tracks that come later are stopped. */
  signal?: AbortSignal
  /** Address of the capture worklet. */
  workletUrl?: string
  /** A context for a microphone that the caller's can't be joined to. @default new AudioContext */
  createContext?: (options?: AudioContextOptions) => AudioContext
  createNode?: (context: AudioContext, name: string, options: AudioWorkletNodeOptions) => AudioWorkletNode
}

export type MicrophoneOpening = { ok: true, microphone: Microphone } | { ok: false, fault: MicrophoneFault }

/**
 * Asks for the microphone and captures it. Waits for the permission as long as the person thinks about it.
 * Never rejects: every failure is a fault. The context is the caller's, unless the browser joins this microphone
 * only to one of its own rate; the tracks are the microphone's own.
 */
export async function openMicrophone(context: AudioContext, environment: MicrophoneEnvironment = {}): Promise<MicrophoneOpening> {
  const { mediaDevices = globalThis.navigator?.mediaDevices, isSecureContext = globalThis.isSecureContext, signal } = environment
  if (!isSecureContext || !mediaDevices) return { ok: false, fault: insecurePage }
  const streaming = await untilAborted(askForStream(mediaDevices, environment), signal)
  if ('fault' in streaming) return { ok: false, fault: streaming.fault }
  const { stream } = streaming
  if (environment.isMuted?.()) enable(stream, false)
  let joined: CaptureContext | undefined
  let fault = openingCancelled
  try {
    joined = joinStream(context, stream, environment.createContext)
    const [noiseNode] = await Promise.all([
      openNoiseNode(joined.context, stream, environment), loadWorklet(joined.context, environment.workletUrl ?? captureWorkletUrl),
    ])
    if (!signal?.aborted) return { ok: true, microphone: capture(joined, streaming, noiseNode, environment) }
    closeNoiseNode(noiseNode)
  } catch {
    fault = captureFailed
  }
  stopTracks(stream)
  joined?.close()
  return { ok: false, fault }
}

/** A filter of our own that can't be had is replaced by the browser's, which the wishes left out. */
async function openNoiseNode(context: AudioContext, stream: MediaStream, { openNoiseNode: open, noiseFilter = 'browser' }: MicrophoneEnvironment) {
  if (noiseFilter !== 'rnnoise') return undefined
  const node = await open?.(context, noiseFilter).catch(() => undefined)
  if (!node) for (const track of stream.getTracks()) await track.applyConstraints?.(wishes('browser')).catch(() => undefined)
  return node
}

function closeNoiseNode(node: AudioNode | undefined): void {
  node?.disconnect()
  // A node with a processor of its own says how it ends.
  ;(node as { destroy?: () => void } | undefined)?.destroy?.()
}

function capture(joined: CaptureContext, { stream, instead }: OpenStream, noiseNode: AudioNode | undefined, environment: MicrophoneEnvironment): Microphone {
  const { context, source } = joined
  const createNode = environment.createNode ?? ((...args) => new AudioWorkletNode(...args))
  const node = createNode(context, 'kaiwa-capture', captureNode)
  let frameListener: ((frame: MicrophoneFrame) => void) | undefined
  let endedListener: ((fault: MicrophoneFault) => void) | undefined
  let takenListener: ((taken: boolean) => void) | undefined
  let mutedLevelListener: ((level: number) => void) | undefined
  let closeEar: (() => void) | undefined
  const filterMissing = environment.noiseFilter === 'rnnoise' && !noiseNode
  const voice = environment.asTrack ? openVoiceTrack(context, noiseNode ?? source) : undefined
  let muted = environment.isMuted?.() ?? false
  let closed = false

  function close(): void {
    if (closed) return
    closed = true
    stopTracks(stream)
    voice?.close()
    closeNoiseNode(noiseNode)
    closeNode(node)
    closeEar?.()
    joined.close()
  }

  function lose(fault: MicrophoneFault): void {
    if (closed) return
    close()
    endedListener?.(fault)
  }

  function listenWhileMuted(): void {
    closeEar?.()
    closeEar = muted && mutedLevelListener && !closed ? openEar(context, stream, createNode, mutedLevelListener) : undefined
  }

  node.port.onmessage = (event: MessageEvent<CaptureFrame>) => {
    if (!muted) frameListener?.(event.data)
  }
  node.addEventListener('processorerror', () => lose(captureFailed))
  for (const track of stream.getTracks()) {
    track.addEventListener('ended', () => lose(microphoneLost))
    track.addEventListener('mute', () => { if (!closed) takenListener?.(true) })
    track.addEventListener('unmute', () => { if (!closed) takenListener?.(false) })
  }
  if (noiseNode) source.connect(noiseNode).connect(node)
  else source.connect(node)
  // Its output is silence; browsers may leave out a node that leads nowhere.
  node.connect(context.destination)
  enable(stream, !muted)

  return {
    ...voice ? { voice } : {},
    get device() { return deviceOf(stream, { instead, filterMissing }) },
    onFrame(listener) { frameListener = listener },
    onEnded(listener) { endedListener = listener },
    onTaken(listener) { takenListener = listener },
    onMutedLevel(listener) {
      mutedLevelListener = listener
      listenWhileMuted()
    },
    setMuted(next) {
      if (next === muted) return
      muted = next
      // Silences the source too: the frame that spans an unmute holds nothing that was said while muted.
      enable(stream, !next)
      listenWhileMuted()
    },
    close,
  }
}

const captureNode: AudioWorkletNodeOptions = { numberOfInputs: 1, numberOfOutputs: 1, channelCount: 1, channelCountMode: 'explicit' }

/** Hears how loud it is while the track that records is off: a track of its own that leads to a level and nowhere else. */
function openEar(context: AudioContext, stream: MediaStream, createNode: NonNullable<MicrophoneEnvironment['createNode']>, listener: (level: number) => void): () => void {
  const ear = stream.clone()
  enable(ear, true)
  const source = context.createMediaStreamSource(ear)
  const node = createNode(context, 'kaiwa-capture', captureNode)
  node.port.onmessage = (event: MessageEvent<CaptureFrame>) => listener(event.data.level)
  source.connect(node).connect(context.destination)
  return () => {
    stopTracks(ear)
    source.disconnect()
    closeNode(node)
  }
}

function closeNode(node: AudioWorkletNode): void {
  node.disconnect()
  node.port.onmessage = null
  node.port.postMessage('close')
}
