import { createHistoryClient } from '../history/history-client.ts'
import type { HistoryTrouble } from '../history/history-client.ts'
import { scoreOf } from '../replay/replay-score.ts'
import type { VoiceSession } from '../voice/call.ts'
import type { CallConversation } from '../voice/call-conversation.ts'

export interface WhereToGoOn { conversationId: string, afterItemId?: string }

interface WhoGoesOn { session: VoiceSession, conversation: CallConversation }

/** Puts a kept conversation in front of the page's next call: its turns stand above, and the call goes on with it. @returns what stood in the way */
export async function goOnWith({ conversationId, afterItemId }: WhereToGoOn, { session, conversation }: WhoGoesOn): Promise<HistoryTrouble | undefined> {
  const answer = await createHistoryClient().get(conversationId)
  if (!answer.ok) return answer.trouble === 'again' ? undefined : answer.trouble
  const { entries } = scoreOf(answer.value)
  const last = afterItemId === undefined ? entries.length - 1 : entries.findIndex(entry => entry.item.id === afterItemId)
  if (afterItemId !== undefined && last < 0) return 'gone'
  session.restore(entries.slice(0, last + 1).flatMap(entry => entry.kind === 'turn' ? [entry.turn] : []))
  conversation.goOn(conversationId, afterItemId)
  return undefined
}
