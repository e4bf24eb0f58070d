import { describe, expect, test } from 'vitest'
import { listeningNotice } from '../../../../app/components/dock/listening-notice.ts'

const listensWith = { deviceId: 'a', label: 'Desk', instead: false, quiet: false, filterMissing: false }
const call = { microphone: 'on', muted: false, listensWith, allowed: new Set(['end', 'mute'] as const) } as const

describe('the note at the dock', () => {
  test('says that another microphone listens, and that one gives no sound', () => {
    expect(listeningNotice(call)).toBeUndefined()
    expect(listeningNotice({ ...call, listensWith: { ...listensWith, instead: true } })).toEqual({ of: 'instead', label: 'Desk' })
    expect(listeningNotice({ ...call, listensWith: { ...listensWith, instead: true, quiet: true } })).toEqual({ of: 'quiet', label: 'Desk' })
  })

  test('says that the chosen noise filter is missing, when nothing presses more', () => {
    const unfiltered = { ...listensWith, filterMissing: true }
    expect(listeningNotice({ ...call, listensWith: unfiltered })).toEqual({ of: 'unfiltered' })
    expect(listeningNotice({ ...call, listensWith: { ...unfiltered, instead: true } })).toEqual({ of: 'instead', label: 'Desk' })
  })

  test('tells somebody who talks into a muted microphone that before all else, and says nothing of its silence', () => {
    const muted = { ...call, muted: true, listensWith: { ...listensWith, quiet: true } }
    expect(listeningNotice(muted)).toBeUndefined()
    expect(listeningNotice({ ...muted, mutedHint: true })).toEqual({ of: 'muted' })
    expect(listeningNotice({ ...call, mutedHint: true })).toBeUndefined()
  })

  test('is there only while a microphone listens in a call', () => {
    const instead = { ...call, listensWith: { ...listensWith, instead: true } }
    expect(listeningNotice({ ...instead, microphone: 'failed' })).toBeUndefined()
    expect(listeningNotice({ ...instead, allowed: new Set(['start'] as const) })).toBeUndefined()
  })
})
