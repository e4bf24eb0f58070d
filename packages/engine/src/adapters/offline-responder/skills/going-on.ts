import type { SpokenTurn } from '../../../stages.ts'
import { restAfter } from '../sentences.ts'
import type { Intent, Skill } from '../skill.ts'
import { jokes } from './jokes.ts'
import { stories } from './stories.ts'

/** Texts that chance chose: going on with one means finding the one that was begun. */
const CHOSEN_BY_CHANCE: readonly string[] = [...jokes, ...stories.map(story => story.text)]

/** The answer that was cut last, unless a later answer has ended it. */
function findCut(turns: readonly SpokenTurn[]): number {
  return turns.findLastIndex(turn => turn.role === 'assistant' && turn.cut === true)
}

const goOn: Skill = async ({ turns, answerTo }) => {
  const at = findCut(turns)
  const cut = turns[at]
  if (!cut) return 'I had finished. What else can I do for you?'
  for (const text of CHOSEN_BY_CHANCE) {
    const rest = cut.text.trim() === '' ? undefined : restAfter(text, cut.text)
    if (rest !== undefined) return rest || 'That was the end of it.'
  }
  const whole = await answerTo(turns.slice(0, at))
  const rest = restAfter(whole, cut.text)
  // The answer would be another one now (the time has moved on): say it anew.
  return rest === undefined ? whole : rest || 'That was all of it.'
}

export const goingOnIntents: readonly Intent[] = [
  {
    name: 'go-on',
    cues: ['go|goal|going on|ahead|own', '^continue|continued|continues|resume|proceed', 'keep|keeps going|talking|reading|counting|on', 'carry on', 'finish story|sentence|it|that|counting|answer', 'what happened|happens next|then|after|now', 'and_then|then_what', 'tell|say|read|hear|give|where rest', 'where were we|you', 'please|now continue', 'continue story|counting|reading|it|that|from'],
    answer: goOn,
  },
]
