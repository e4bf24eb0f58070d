import type { Turn } from '../voice/call.ts'

/** About what a top bar shows. */
const titleChars = 48

/** A conversation is called by its first words; undefined before there are any. */
export function conversationTitle(turns: readonly Turn[]): string | undefined {
  const text = turns.find(({ segment }) => segment.speaker === 'user' && segment.text.trim())?.segment.text.trim().replace(/\s+/g, ' ')
  if (!text || text.length <= titleChars) return text
  const space = text.lastIndexOf(' ', titleChars)
  return `${text.slice(0, space > titleChars / 2 ? space : titleChars).replace(/[\s,.;:!?、。]+$/u, '')}…`
}
