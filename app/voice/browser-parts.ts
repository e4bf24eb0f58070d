import { watchDevices } from './device-list.ts'
import { claimAudioSession } from './audio-session.ts'
import { openChosenOutput } from './chosen-output.ts'
import type { CallWish } from './call-request.ts'
import { chosenEnv, openChosenTransport } from './chosen-transport.ts'
import { createEncoder } from './encoder.ts'
import { createAudioElement } from './loopback-output.ts'
import { openMicrophone } from './microphone.ts'
import { lifelessPage, pageLife } from './page-life.ts'
import { openPlayedLevel } from './played-level.ts'
import { createPlayer } from './player.ts'
import { openRemoteEar } from './remote-ear.ts'
import { createTimeline } from './timeline.ts'
import type { VoiceSessionParts } from './voice-session-parts.ts'
import type { NoiseFilter } from './voice-settings.ts'
import { holdWakeLock } from './wake-lock.ts'

/** How soon a page that draws no frames (a hidden tab) still gets its changes. */
const HIDDEN_FRAME_MS = 250
const ID_LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

/** Loaded when it is chosen. */
async function openNoiseNode(context: AudioContext, filter: NoiseFilter) {
  const noise = await import('./noise-node.ts')
  return noise.openNoiseNode(context, filter)
}

/**
 * The real world: this browser's audio and clocks, and the page's own server. `conversation`: which one its calls belong to; `answersWebRtc`:
 * whether the server does.
 */
export function browserParts(conversation?: CallWish['conversation'], answersWebRtc?: () => boolean): VoiceSessionParts {
  const page = typeof window === 'undefined' ? lifelessPage : pageLife()
  return {
    openTransport: wish => openChosenTransport(wish, chosenEnv(conversation, answersWebRtc)),
    remoteVoice: { createElement: createAudioElement, openEar: openRemoteEar },
    // At the hardware's own rate: Firefox joins no microphone to a context of another.
    createAudioContext: () => new AudioContext({ latencyHint: 'interactive' }),
    page,
    holds: [claimAudioSession, () => holdWakeLock(page)],
    openMicrophone: (context, environment) => openMicrophone(context, { openNoiseNode, ...environment }),
    watchDevices: watch => watchDevices(watch),
    openOutput: (context, path) => openChosenOutput(context, path, page),
    openPlayedLevel,
    createPlayer: (context, output) => createPlayer(context, output),
    createEncoder: () => createEncoder(),
    createTimeline: () => createTimeline(),
    pageMs: () => performance.now(),
    epochMs: () => Date.now(),
    setTimer(callback, delayMs) {
      const id = setTimeout(callback, delayMs)
      return () => clearTimeout(id)
    },
    onNextFrame(callback) {
      if (document.visibilityState === 'hidden') setTimeout(callback, HIDDEN_FRAME_MS)
      else requestAnimationFrame(callback)
    },
    newSegmentId() {
      const bytes = crypto.getRandomValues(new Uint8Array(21))
      // 62 letters of 256 values: the bias is of no consequence for an id.
      return `item_${[...bytes].map(byte => ID_LETTERS[byte % ID_LETTERS.length]).join('')}`
    },
  }
}
