import type { MicrophoneFault } from './microphone-fault.ts'
import type { MicrophoneDevice } from './microphone-stream.ts'
import type { VoiceSettings } from './voice-settings.ts'

/** What happens to the capture of a call, and what `capture-machine.ts` wants done about it. */

export type CaptureWanted = Pick<VoiceSettings, 'microphoneId' | 'noiseFilter'>

export interface DeviceFacts {
  /** Of the microphones there are. Empty: not told. */
  microphoneIds: readonly string[]
  /** Changes when the system's own microphone is another one. */
  systemDefault: string | undefined
  /** Of the live one, Hz, now. */
  sampleRate: number | undefined
}

export type CaptureInput
  = | { type: 'open', wanted: CaptureWanted } | { type: 'use', wanted: CaptureWanted } | { type: 'mute', muted: boolean } | { type: 'close' }
    | { type: 'opened', id: number, device: MicrophoneDevice } | { type: 'refused', id: number, fault: MicrophoneFault }
    | { type: 'lost', id: number, fault: MicrophoneFault }
    /** It gives no sound (taken by the system, or exact zeros), or does again. */
    | { type: 'quiet', id: number, quiet: boolean }
    | { type: 'devices', facts: DeviceFacts }
    | { type: 'permission', state: 'granted' | 'denied' | 'prompt' }
    | { type: 'time' }

export type CaptureEffect
  /** `only`: the chosen one or none; another feeds meanwhile. */
  = | { type: 'open_microphone', id: number, wanted: CaptureWanted, only: boolean }
    /** The opening is given up: whatever comes of it is closed. */
    | { type: 'give_up', id: number }
    | { type: 'close_microphone', id: number }
    /** From now on this one is heard. */
    | { type: 'adopt', id: number, muted: boolean }
    | { type: 'set_muted', id: number, muted: boolean }
    | { type: 'tell_opened' } | { type: 'tell_failed', fault: MicrophoneFault }
    /** Which device it is, or whether it is quiet, changed. */
    | { type: 'tell_device', device: MicrophoneDevice, quiet: boolean }
