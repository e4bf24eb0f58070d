import type { CallSnapshot } from '../../voice/call.ts'

/** Why somebody who talks isn't heard, or not by the microphone or through the filter that they chose. */
export type ListeningNotice = { of: 'muted' } | { of: 'unfiltered' } | { of: 'quiet' | 'instead', label: string }

/** What is to be said at the dock; the most pressing of it. A muted microphone has a right to be quiet. */
export function listeningNotice({ microphone, muted, mutedHint, listensWith, allowed }: Pick<CallSnapshot, 'microphone' | 'muted' | 'mutedHint' | 'listensWith' | 'allowed'>): ListeningNotice | undefined {
  if (microphone !== 'on' || !allowed.has('end')) return undefined
  if (mutedHint && muted) return { of: 'muted' }
  if (listensWith?.quiet && !muted) return { of: 'quiet', label: listensWith.label }
  if (listensWith?.instead) return { of: 'instead', label: listensWith.label }
  return listensWith?.filterMissing ? { of: 'unfiltered' } : undefined
}
