import type { KeptConversation, KeptEvent, KeptVoices } from '../../shared/history.ts'
import { createHistoryClient } from '../history/history-client.ts'
import type { HistoryClient, HistoryTrouble } from '../history/history-client.ts'

/** Events kept in the page; full ⇒ no more are asked for. */
const mostEvents = 5000

/** One kept conversation with what belongs to it, asked for when it is looked at; what is on its way when the page is left is called off. */
export function useKeptConversation(id: string, client: HistoryClient = createHistoryClient()) {
  const leaving = new AbortController()
  onScopeDispose(() => leaving.abort())
  const conversation = shallowRef<KeptConversation>()
  const trouble = shallowRef<HistoryTrouble>()
  const voices = shallowRef<KeptVoices>()
  const events = shallowRef<readonly KeptEvent[]>([])
  const moreEvents = shallowRef(false)
  const eventsLoaded = shallowRef(false)
  let next: string | null = null

  async function load(): Promise<void> {
    trouble.value = undefined
    const answer = await client.get(id, leaving.signal)
    if (answer.ok) conversation.value = answer.value
    else if (answer.trouble !== 'again') trouble.value = answer.trouble
  }
  async function loadVoices(): Promise<void> {
    const answer = await client.voices(id, leaving.signal)
    if (answer.ok) voices.value = answer.value
  }
  async function loadEvents(): Promise<void> {
    const answer = await client.events(id, next, leaving.signal)
    eventsLoaded.value = true
    if (!answer.ok) return
    events.value = [...events.value, ...answer.value.events]
    next = answer.value.next
    moreEvents.value = next !== null && events.value.length < mostEvents
  }
  /** @returns what stood in the way */
  async function forget(itemId: string): Promise<HistoryTrouble | undefined> {
    const answer = await client.removeItem(id, itemId)
    if (!answer.ok && answer.trouble !== 'gone') return answer.trouble === 'again' ? undefined : answer.trouble
    await load()
    return undefined
  }

  return { conversation, trouble, voices, events, moreEvents, eventsLoaded, leaving: leaving.signal, load, loadVoices, loadEvents, forget }
}
