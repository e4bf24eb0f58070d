import type { Trouble } from '../../voice/call.ts'

/** Trouble with this device's microphone or speaker; the line is fine, so typing is a way on. */
export function isDeviceTrouble({ code }: Trouble): boolean {
  switch (code) {
    case 'mic_denied':
    case 'mic_missing':
    case 'mic_busy':
    case 'mic_failed':
    case 'insecure_page':
    case 'audio_blocked':
    case 'audio_lost':
    case 'audio_failed':
      return true
    default:
      return false
  }
}

/** Trouble with who one is; signing in is the way on. */
export const isAccessTrouble = ({ code }: Trouble) => code === 'signed_out' || code === 'access_withdrawn'
