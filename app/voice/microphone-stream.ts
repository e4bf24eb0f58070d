import { captureFailed, microphoneFault, openingCancelled, type MicrophoneFault } from './microphone-fault.ts'
import type { NoiseFilter } from './voice-settings.ts'

/** Asking a browser for a microphone's stream, and what can be said and done of its tracks. */

/** What a microphone says of itself; all of it as the browser names it, empty where it doesn't. */
export interface MicrophoneDevice {
  deviceId: string
  label: string
  /** Hz, of the device, not of what it is turned into; changes when a headset changes its profile. Undefined: not told. */
  sampleRate: number | undefined
  /** The one that was asked for is not there. */
  instead: boolean
  /** The noise filter that was asked for could not be had: the browser's own filters. */
  filterMissing: boolean
}

export interface OpenStream { stream: MediaStream, /** The device that was asked for is not there. */ instead: boolean }
export type Streaming = OpenStream | { fault: MicrophoneFault }

/** What is wished of a microphone: one channel, without echo, and without noise where the browser is to filter it. */
export function wishes(noiseFilter: NoiseFilter = 'browser'): MediaTrackConstraints {
  return { echoCancellation: true, noiseSuppression: noiseFilter === 'browser', autoGainControl: true, channelCount: 1 }
}

/** The chosen device as wished, any device as wished, any device: each when the one before can't be met. `only`: the chosen one or none. */
export async function askForStream(mediaDevices: Pick<MediaDevices, 'getUserMedia'>, { deviceId, noiseFilter, only }: { deviceId?: string, noiseFilter?: NoiseFilter, only?: boolean }): Promise<Streaming> {
  const wanted = wishes(noiseFilter)
  const chosen: MediaTrackConstraints[] = deviceId === undefined ? [] : [{ ...wanted, deviceId: { exact: deviceId } }]
  const asked: (MediaTrackConstraints | true)[] = only && deviceId !== undefined ? chosen : [...chosen, wanted, true]
  let fault = captureFailed
  for (const [attempt, audio] of asked.entries()) {
    try {
      return { stream: await mediaDevices.getUserMedia({ audio }), instead: deviceId !== undefined && attempt > 0 }
    } catch (error) {
      fault = microphoneFault(error)
      const name = error instanceof Error || error instanceof DOMException ? error.name : ''
      // A device that is gone is one of these, depending on the browser; a microphone that can do none of what was wished for is still one.
      const another = name === 'OverconstrainedError' || (attempt === 0 && deviceId !== undefined && (name === 'NotFoundError' || name === 'NotReadableError'))
      if (!another) break
    }
  }
  return { fault }
}

/** The permission prompt can stay open for ever: whoever stops waiting leaves behind that late tracks are stopped. */
export function untilAborted(asking: Promise<Streaming>, signal: AbortSignal | undefined): Promise<Streaming> {
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

export function deviceOf(stream: MediaStream, { instead, filterMissing }: Pick<MicrophoneDevice, 'instead' | 'filterMissing'>): MicrophoneDevice {
  const track = stream.getTracks()[0]
  const settings = track?.getSettings?.()
  return { deviceId: settings?.deviceId ?? '', label: track?.label ?? '', sampleRate: settings?.sampleRate, instead, filterMissing }
}

export function enable(stream: MediaStream, enabled: boolean): void {
  for (const track of stream.getTracks()) track.enabled = enabled
}

export function stopTracks(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop()
}
