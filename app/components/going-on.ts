import type { GrantedConversation } from '../voice/call-conversation.ts'

/** What stands between the turns of before and those of a call, and how many items the call was told. Undefined: it knows nothing of them. */
export function freshLine(granted: GrantedConversation | undefined): { how: 'told' | 'toldPart' | 'branched', count: number, personaReplaced: boolean } | undefined {
  const continued = granted?.continued
  if (!continued || continued.told_item_ids.length === 0) return undefined
  const how = continued.left_out_items > 0 ? 'toldPart' : continued.after_item_id === null ? 'told' : 'branched'
  return { how, count: continued.told_item_ids.length, personaReplaced: continued.persona_replaced }
}
