import { onMounted, shallowRef } from 'vue'
import type { VoiceSession } from '../voice/call.ts'
import { parseVoiceSettings, type VoiceSettings } from '../voice/voice-settings.ts'

const KEY = 'kaiwa-voice'

/**
 * How somebody wants to talk and hear, remembered on this device. `change` takes effect in the session at once. `remembering` is the
 * session for whoever configures it by itself: what it sets is remembered and shown as well.
 */
export function useVoiceSettings(session: VoiceSession, storage?: Pick<Storage, 'getItem' | 'setItem'>) {
  const settings = shallowRef<VoiceSettings>(session.settings)

  function change(to: Partial<VoiceSettings>): void {
    session.configure(to)
    settings.value = session.settings
    try {
      (storage ?? localStorage).setItem(KEY, JSON.stringify(settings.value))
    } catch {
      // Storage may be forbidden or full: the settings hold until the page is closed.
    }
  }

  function recall(): void {
    try {
      const stored = (storage ?? localStorage).getItem(KEY)
      if (stored) session.configure(parseVoiceSettings(JSON.parse(stored)))
    } catch {
      // As above, or somebody else's text.
    }
    settings.value = session.settings
  }

  // Not before: the server's page has the defaults.
  onMounted(recall)
  const remembering: VoiceSession = Object.create(session, { configure: { value: change } })
  return { settings, change, recall, remembering }
}
