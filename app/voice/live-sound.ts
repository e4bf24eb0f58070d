import { openAudioHost } from './audio-host.ts'
import type { AudioHost } from './audio-host.ts'
import type { Heard, Trouble } from './call.ts'
import type { LiveMedia } from './live-media.ts'
import { createSpeechOutput } from './speech-output.ts'
import type { SpeechOutput } from './speech-output.ts'
import type { TimelineModel } from './timeline.ts'
import { troubleOfOutput } from './trouble.ts'
import type { PlaybackPath, VoiceSettings } from './voice-settings.ts'
import type { VoiceSessionParts } from './voice-session-parts.ts'

/** All of a call that sounds: the audio context, and the ways to the ear on it. */

export interface LiveSoundParts {
  parts: VoiceSessionParts
  settings: () => VoiceSettings
  media: LiveMedia
  timeline: TimelineModel
  nowMs: () => number
  setTimer: (callback: () => void, delayMs: number) => () => void
  /** Where to look how loud what is played is. */
  listenTo: (playedLevel: () => number) => void
}
export interface LiveSoundPorts {
  onQueued: () => void
  onHeard: (heard: Heard, wanted: boolean) => void
  onOver: () => void
  onFailed: (trouble: Trouble) => void
  onWorks: () => void
  /** Another context took the place of one that died. */
  onRebuilt: (context: AudioContext) => void
}

/** @throws what the browser throws that has no audio for the page */
export function openLiveSound(live: LiveSoundParts, ports: LiveSoundPorts): { output: SpeechOutput, host: AudioHost } {
  const { parts, settings, media, timeline, nowMs, setTimer } = live

  async function openOutput(context: AudioContext, path: PlaybackPath) {
    const way = await parts.openOutput(context, path)
    const level = parts.openPlayedLevel?.(context, way)
    if (level) live.listenTo(() => Math.max(level(), media.level))
    return way
  }

  const output = media.beside(createSpeechOutput({ openOutput, createPlayer: parts.createPlayer, settings, timeline, nowMs, setTimer }, ports))
  const host = openAudioHost({ createContext: parts.createAudioContext, page: parts.page, pageMs: parts.pageMs, setTimer, holds: parts.holds }, {
    onRebuilt(context) {
      ports.onRebuilt(context)
      return output.open(context)
    },
    onTrouble: ports.onFailed,
    onWorks: ports.onWorks,
  })
  return { output, host }
}

export const noSound = (error: unknown): Trouble => troubleOfOutput('audio_failed', error)
