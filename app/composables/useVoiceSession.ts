import { onScopeDispose, shallowRef } from 'vue'
import { browserParts } from '../voice/browser-parts.ts'
import type { CallSnapshot, VoiceSession } from '../voice/call.ts'
import { createVoiceSession } from '../voice/voice-session.ts'
import type { VoiceSessionParts } from '../voice/voice-session-parts.ts'

/**
 * The page's one voice session as Vue sees it: `snapshot` is replaced, never changed. On the server it is the idle snapshot, and
 * nothing is opened; `parts` are for tests. The session closes with the scope that made it.
 */
export function useVoiceSession(parts?: VoiceSessionParts): { session: VoiceSession, snapshot: Readonly<{ value: CallSnapshot }> } {
  const session = createVoiceSession(parts ?? browserParts())
  const snapshot = shallowRef(session.snapshot)
  const unsubscribe = session.subscribe(next => { snapshot.value = next })
  onScopeDispose(() => {
    unsubscribe()
    session.close()
  })
  return { session, snapshot }
}
