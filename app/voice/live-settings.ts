import type { DialogueCommand } from '@kaiwa/protocol'
import type { LiveTurns } from './live-turns.ts'
import type { SpeechInput } from './speech-input.ts'
import type { SpeechOutput } from './speech-output.ts'
import type { VoiceSettings } from './voice-settings.ts'

/** What settings reach of a running call. */
export interface LiveParts {
  input: SpeechInput
  /** Undefined: this browser has no audio. */
  output: SpeechOutput | undefined
  turns: Pick<LiveTurns, 'configured'>
  command: (request: DialogueCommand) => void
}

/** Makes a change of settings take effect in the running call, field by field; a field that stayed as it was does nothing. */
export function applySettings({ input, output, turns, command }: LiveParts, now: VoiceSettings, before: VoiceSettings): void {
  if (now.microphoneId !== before.microphoneId || now.noiseFilter !== before.noiseFilter) input.use(now)
  if (now.turnTaking !== before.turnTaking) turns.configured()
  if (now.noiseReduction !== before.noiseReduction) command(noiseWish(now))
  // A new way takes volume and device along.
  if (now.playbackPath !== before.playbackPath) output?.use({ playbackPath: now.playbackPath })
  else if (now.speakerId !== before.speakerId) output?.use({ speakerId: now.speakerId })
  if (now.volume !== before.volume) output?.use({ volume: now.volume })
}

/** For the other side; said as soon as there is a line, it waits there until the session's own settings are known. */
export function noiseWish({ noiseReduction }: Pick<VoiceSettings, 'noiseReduction'>): DialogueCommand {
  return { type: 'change', noiseReduction: noiseReduction === 'auto' ? 'as_opened' : noiseReduction }
}
