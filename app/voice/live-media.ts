import type { DialogueEvent } from '@kaiwa/protocol'
import type { AudioHost } from './audio-host.ts'
import type { CallSnapshot } from './call.ts'
import type { DialogueLine } from './dialogue-line.ts'
import { latencyMs } from './output.ts'
import { createRemoteVoice } from './remote-voice.ts'
import type { RemoteVoicePorts } from './remote-voice.ts'
import type { SoundSettings, SpeechOutput } from './speech-output.ts'
import type { TimelineModel } from './timeline.ts'
import type { VoiceSessionParts } from './voice-session-parts.ts'

/** One call's voices where the transport carries them: the other side's is heard beside the player, and how well they come through is told. */

export interface LiveMediaParts {
  parts: Pick<VoiceSessionParts, 'remoteVoice'>
  settings: () => SoundSettings
  timeline: TimelineModel
  nowMs: () => number
  setTimer: (callback: () => void, delayMs: number) => () => void
  host: () => AudioHost | undefined
  line: () => DialogueLine | undefined
  changed: (facts: Pick<CallSnapshot, 'network'>) => void
}
export interface LiveMedia {
  /** The player, and beside it the voice that comes by media: to whoever asks, one output. */
  beside(player: SpeechOutput): SpeechOutput
  /** The line is open: from now on its media is heard. */
  attach(): void
  voice(event: Extract<DialogueEvent, { type: 'voice_began' | 'voice_over' }>): void
  readonly level: number
  gesture(): void
}

/** How much waits in the browser until it was measured, and the pieces in which it is played. */
const UNMEASURED_MS = 120
const PIECE_MS = 20
const TELL_EVERY_MS = 1000

export function createLiveMedia({ parts, settings, timeline, nowMs, setTimer, host, line, changed }: LiveMediaParts, ports: RemoteVoicePorts): LiveMedia {
  const deviceMs = () => {
    const context = host()?.context
    return context ? latencyMs(context) : 0
  }
  const remote = parts.remoteVoice && createRemoteVoice({
    ...parts.remoteVoice, settings, timeline, nowMs, setTimer,
    lagMs: () => (line()?.media?.network.bufferedMs ?? UNMEASURED_MS) + PIECE_MS + deviceMs(),
  }, ports)
  let stopTimer = () => {}

  function tell() {
    stopTimer()
    const media = line()?.media
    if (!media) return
    changed({ network: media.network })
    stopTimer = setTimer(tell, TELL_EVERY_MS)
  }

  return {
    beside(player) {
      if (!remote) return player
      return {
        open(context) {
          remote.open(context)
          return player.open(context)
        },
        use(change) {
          player.use(change)
          remote.use(change)
        },
        get stats() { return player.stats },
        play: player.play,
        end: player.end,
        silence(replyIds) {
          const heard = remote.silence(replyIds)
          const stopping = player.silence(replyIds)
          return heard ? Promise.resolve(heard) : stopping
        },
        duck() {
          player.duck()
          remote.duck()
        },
        unduck() {
          player.unduck()
          remote.unduck()
        },
        sounding: () => remote.sounding() ?? player.sounding(),
        close() {
          stopTimer()
          player.close()
          remote.close()
        },
      }
    },
    attach() {
      line()?.media?.onVoice(stream => remote?.attach(stream))
      tell()
    },
    voice(event) {
      if (event.type === 'voice_over') remote?.over(event.replyId, event.cut)
      else remote?.began(event.replyId, event.segmentId ?? event.replyId)
    },
    get level() { return remote?.level ?? 0 },
    gesture() { remote?.gesture() },
  }
}
