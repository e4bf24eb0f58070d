import type { Ref } from 'vue'
import { gatherWaits } from '../components/drawer/waits.ts'
import type { Wait } from '../components/drawer/waits.ts'
import type { CallSnapshot, VoiceSession } from '../voice/call.ts'

/** Every answer's wait in this call, gathered as each is over. */
export function useWaits(session: Pick<VoiceSession, 'nowMs' | 'timeline'>, snapshot: Readonly<Ref<CallSnapshot>>) {
  const waits = shallowRef<readonly Wait[]>([])
  watch(() => snapshot.value.startedAt, () => { waits.value = [] })
  watch(() => snapshot.value.state.name, () => {
    const nowMs = session.nowMs()
    waits.value = gatherWaits(waits.value, session.timeline(nowMs - 60_000, nowMs).waits)
  })
  onMounted(() => { waits.value = gatherWaits([], session.timeline(0, session.nowMs()).waits) })
  return waits
}
