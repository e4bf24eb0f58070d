import { nameIn } from '../call-memory.ts'
import type { Intent, Skill } from '../skill.ts'
import type { Word } from '../utterance.ts'

const MAX_LETTERS = 40
const LEAD_INS = ['the word', 'the name', 'word', 'for me', 'out', 'me']
const TAIL = new Set(['please', 'now', 'correctly', 'again'])

/** The words after "spell", without "the word" before and "please" behind. */
function wordsToSpell(words: readonly Word[]): Word[] {
  const verb = words.findLastIndex(({ text }) => /^(?:spell|spelled|spelt|spelling|spiel)$/u.test(text))
  let rest = words.slice(verb + 1).filter(({ text }) => /[\p{L}\p{N}]/u.test(text))
  for (const lead of LEAD_INS) {
    const parts = lead.split(' ')
    if (rest.length > parts.length && parts.every((part, index) => rest[index]?.text === part)) rest = rest.slice(parts.length)
  }
  while (rest.length > 1 && TAIL.has(rest.at(-1)!.text)) rest = rest.slice(0, -1)
  if (rest[0]?.text === 'of' && rest.length > 1) rest = rest.slice(1)
  return rest
}

const spell: Skill = ({ utterance, turns }) => {
  const words = wordsToSpell(utterance.words)
  const asksName = words.length === 2 && words[0]?.text === 'my' && words[1]?.text === 'name'
  const name = asksName ? nameIn(turns) : undefined
  const text = name ?? words.slice(0, 3).map(word => word.shown).join(' ')
  const letters = [...text.toUpperCase()].filter(letter => /[\p{L}\p{N}]/u.test(letter)).slice(0, MAX_LETTERS)
  if (letters.length === 0 || (asksName && !name)) return 'Which word shall I spell?'
  return `${text}: ${letters.join(', ')}.`
}

export const spellingIntents: readonly Intent[] = [
  { name: 'spell', cues: ['^spell|spelling|spiel …', 'how spell|spelled|spelt|spelling …', 'can|could|please spell …'], answer: spell },
]
