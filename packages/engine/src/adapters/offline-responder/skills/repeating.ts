import { inShortSentences } from '../sentences.ts'
import type { Intent, Skill, SkillContext } from '../skill.ts'
import { endOfPhrase } from '../utterance.ts'

const MAX_ECHO_WORDS = 40
const NOTHING_SAID = 'I haven\'t said anything yet.'

/** The last answer, whole even when it was cut, so that saying it again says all of it. */
async function lastAnswer({ turns, answerTo }: SkillContext): Promise<string | undefined> {
  const at = turns.findLastIndex(turn => turn.role === 'assistant' && (turn.text.trim() !== '' || turn.cut))
  const last = turns[at]
  if (!last) return undefined
  if (!last.cut) return last.text
  const whole = await answerTo(turns.slice(0, at))
  return whole.startsWith(last.text.trimEnd()) ? whole : last.text || whole
}

const sayAgain: Skill = async context => await lastAnswer(context) ?? NOTHING_SAID

const sayShorter: Skill = async context => {
  const last = await lastAnswer(context)
  if (last === undefined) return `${NOTHING_SAID} I can't slow the voice down, but I can speak in shorter sentences.`
  return inShortSentences(last)
}

const echo: Skill = ({ utterance: { words } }) => {
  const end = Math.max(endOfPhrase(words, 'repeat after me'), endOfPhrase(words, 'say after me'))
  const said = words.slice(end < 0 ? words.length : end, end + MAX_ECHO_WORDS).map(word => word.shown).join(' ')
  return said ? `${said.charAt(0).toUpperCase()}${said.slice(1)}.` : 'I\'m ready. What shall I say?'
}

export const repeatingIntents: readonly Intent[] = [
  { name: 'echo', cues: ['repeat|say after_me …'], answer: echo },
  {
    name: 'slower',
    cues: ['slower|slowly|slow !timer', '^so_our_police|so_i_am_pleased|slow_news', 'too fast', 'speak|talk|say slower|slowly|slow', 'slow down', 'short sentences|words', 'simpler|simple words|sentences', 'one_at_a_time'],
    answer: sayShorter,
  },
  { name: 'faster', cues: ['faster|quicker', 'speed up', 'too slow', 'speak|talk faster|quicker'], answer: () => 'I can\'t change how fast the voice speaks. Interrupt me when you have heard enough.' },
  { name: 'louder', cues: ['louder|quieter|softer', 'volume up|down', 'too loud|quiet', 'speak_up', 'turn volume …'], answer: () => 'I can\'t change the volume from here. Please use the control of your device.' },
  {
    name: 'again',
    cues: ['say|tell|repeat|said|see that|it|this|last again|one_more_time|once_more', 'repeat|repeats|repeated', '^repeat that|it|yourself|please|this', 'what did_you_say|did_you_just_say', 'what you_said|you_just_said', '^pardon', 'come again',
      'say_again', '^sorry what', 'excuse_me what', '^what !is !are !time !can !do', 'did_not|not|could_not hear|catch|understand|get you|that|it', 'once_more|one_more_time', '^again', 'i_beg_your_pardon', 'beg pardon'],
    answer: sayAgain,
  },
]
