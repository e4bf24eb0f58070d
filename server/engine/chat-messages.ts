/** A conversation as a chat server takes it. Pure. */
import type { ResponderRequest } from '@kaiwa/engine'

export interface ChatMessage { role: 'system' | 'user' | 'assistant', content: string }

/** Newest first until this is full; older turns are left out. About 6000 tokens, which small local models can hold. */
export const MAX_CONTEXT_CHARACTERS = 24_000
const INTERRUPTED = '[interrupted]'
const NOT_UNDERSTOOD = '[The user said something that could not be understood.]'
const SPOKEN = 'This is a voice conversation: your words are read aloud. Answer in plain, short sentences, without lists, markup or emoji. '
  + `Where an earlier answer ends in ${INTERRUPTED}, the user interrupted and heard no more than that; never write this mark yourself.`

/**
 * Instructions and a note on speaking come first; neighbours of one role are joined, since many chat templates want roles to alternate.
 * An assistant turn that was cut carries a mark; one of which nothing was heard is left out.
 */
export function chatMessages({ instructions, turns }: Pick<ResponderRequest, 'instructions' | 'turns'>): ChatMessage[] {
  const messages: ChatMessage[] = []
  let room = MAX_CONTEXT_CHARACTERS
  for (const { role, text, cut } of turns.toReversed()) {
    const said = text.trim()
    if (said === '' && role !== 'user') continue
    const content = role === 'user' ? said || NOT_UNDERSTOOD : role === 'assistant' && cut ? `${said} ${INTERRUPTED}` : said
    room -= content.length
    if (room < 0 && messages.length > 0) break
    const next = messages[0]
    if (next?.role === role) next.content = `${content}\n${next.content}`
    else messages.unshift({ role, content: content.slice(-MAX_CONTEXT_CHARACTERS) })
  }
  return [{ role: 'system', content: [instructions.trim(), SPOKEN].filter(Boolean).join('\n\n') }, ...messages]
}
