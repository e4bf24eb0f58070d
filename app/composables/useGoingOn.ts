import { titleOf } from '../components/history/card-title.ts'
import { createHistoryClient } from '../history/history-client.ts'
import type { HistoryTrouble } from '../history/history-client.ts'
import { scoreOf } from '../replay/replay-score.ts'
import type { VoiceSession } from '../voice/call.ts'
import type { CallConversation } from '../voice/call-conversation.ts'

export interface WhereToGoOn { conversationId: string, afterItemId?: string }

interface GoingOn { title?: string, trouble?: HistoryTrouble }
interface WhoGoesOn { session: VoiceSession, conversation: CallConversation }

/**
 * Puts a kept conversation in front of the page's next call: its turns stand above, and the call goes on with it.
 * @returns its name, or what stood in the way
 */
export async function goOnWith({ conversationId, afterItemId }: WhereToGoOn, { session, conversation }: WhoGoesOn): Promise<GoingOn> {
  const answer = await createHistoryClient().get(conversationId)
  if (!answer.ok) return answer.trouble === 'again' ? {} : { trouble: answer.trouble }
  const { entries } = scoreOf(answer.value)
  const last = afterItemId === undefined ? entries.length - 1 : entries.findIndex(entry => entry.item.id === afterItemId)
  if (afterItemId !== undefined && last < 0) return { trouble: 'gone' }
  session.restore(entries.slice(0, last + 1).flatMap(entry => entry.kind === 'turn' ? [entry.turn] : []))
  conversation.goOn(conversationId, afterItemId)
  return { title: afterItemId === undefined ? titleOf(answer.value) : undefined }
}
