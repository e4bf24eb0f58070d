import { joinStream } from './capture-context.ts'
import { insecurePage, microphoneFault, openingCancelled, type MicrophoneFault } from './microphone-fault.ts'
import { askForStream, stopTracks, untilAborted } from './microphone-stream.ts'
import type { CaptureWanted } from './capture-inputs.ts'

/** A microphone that is only looked at: how loud it is, outside of a call. Nothing of it is kept or sent. */

export interface MicrophoneMeter {
  readonly label: string
  /** Root mean square of the last 20 ms or so, 0 to 1. */
  level(): number
  /** Releases the microphone. Idempotent. */
  close(): void
}

export interface MeterEnvironment {
  mediaDevices?: Pick<MediaDevices, 'getUserMedia'>
  createAudioContext?: () => AudioContext
  /** Ends the wait for the permission. */
  signal?: AbortSignal
}

const WINDOW_SAMPLES = 1024

/** Call from a click: the browser may ask for the permission. Never rejects. */
export async function openMicrophoneMeter(wanted: CaptureWanted, environment: MeterEnvironment = {}): Promise<MicrophoneMeter | { fault: MicrophoneFault }> {
  const { mediaDevices = globalThis.navigator?.mediaDevices, createAudioContext = () => new AudioContext(), signal } = environment
  if (!mediaDevices) return { fault: insecurePage }
  const { microphoneId: deviceId, noiseFilter } = wanted
  const streaming = await untilAborted(askForStream(mediaDevices, { ...(deviceId === undefined ? {} : { deviceId }), noiseFilter }), signal)
  if ('fault' in streaming) return streaming
  const { stream } = streaming
  if (signal?.aborted) {
    stopTracks(stream)
    return { fault: openingCancelled }
  }
  try {
    return measure(createAudioContext(), stream)
  } catch (error) {
    stopTracks(stream)
    return { fault: microphoneFault(error) }
  }
}

function measure(page: AudioContext, stream: MediaStream): MicrophoneMeter {
  const { context, source, close } = joinStream(page, stream)
  const analyser = new AnalyserNode(context, { fftSize: WINDOW_SAMPLES })
  const samples = new Float32Array(WINDOW_SAMPLES)
  let closed = false
  source.connect(analyser)
  void context.resume().catch(() => undefined)
  return {
    label: stream.getTracks()[0]?.label ?? '',
    level() {
      if (closed) return 0
      analyser.getFloatTimeDomainData(samples)
      return Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length)
    },
    close() {
      if (closed) return
      closed = true
      stopTracks(stream)
      close()
      void page.close().catch(() => undefined)
    },
  }
}
