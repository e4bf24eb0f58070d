import { createCallConversation } from '../voice/call-conversation.ts'
import type { CallConversation, GrantedConversation } from '../voice/call-conversation.ts'

/** Which conversation the page's calls belong to, as Vue sees it. */
export function useCallConversation(keeps: boolean): { conversation: CallConversation, granted: Readonly<{ value: GrantedConversation | undefined }> } {
  const conversation = createCallConversation(keeps)
  const granted = shallowRef<GrantedConversation>()
  const unsubscribe = conversation.subscribe(next => { granted.value = next })
  onScopeDispose(unsubscribe)
  return { conversation, granted }
}
