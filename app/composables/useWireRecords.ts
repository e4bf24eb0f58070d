import { tryOnScopeDispose, useThrottleFn } from '@vueuse/core'
import type { VoiceSession } from '../voice/call.ts'

/** The records as they are, at most four times a second: an inspector is read, not watched by the frame. */
export function useWireRecords(records: VoiceSession['records']) {
  const list = shallowRef(records.list())
  const dropped = shallowRef(records.dropped)
  const refresh = useThrottleFn(() => {
    list.value = records.list()
    dropped.value = records.dropped
  }, 250, true)
  tryOnScopeDispose(records.subscribe(refresh))
  return { list, dropped }
}
