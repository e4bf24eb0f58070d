import type { Intent, Skill } from '../skill.ts'
import { pick } from '../skill.ts'
import { textsOf } from '../utterance.ts'

/** Each phrase as it is written with Latin letters, and syllables that an English voice says about right. */
interface Phrase { english: string, heard: readonly string[], in: Readonly<Record<Language, readonly [written: string, syllables: string]>> }
type Language = 'Japanese' | 'Spanish' | 'French' | 'German' | 'Italian'

const LANGUAGES: ReadonlyMap<string, Language> = new Map(Object.entries({
  japanese: 'Japanese', spanish: 'Spanish', french: 'French', german: 'German', italian: 'Italian',
}))
const CUE_LANGUAGES = [...LANGUAGES.keys()].join('|')

const phrases: readonly [Phrase, ...Phrase[]] = [
  {
    english: 'hello', heard: ['hello', 'hi', 'good day', 'greet', 'low'],
    in: { Japanese: ['konnichiwa', 'kon, nee, chee, wah'], Spanish: ['hola', 'oh, lah'], French: ['bonjour', 'bong, zhoor'], German: ['guten Tag', 'goo, ten, tahk'], Italian: ['buongiorno', 'bwon, jor, no'] },
  },
  {
    english: 'thank you', heard: ['thank you', 'thanks', 'thank', 'think you'],
    in: { Japanese: ['arigatou', 'ah, ree, gah, toe'], Spanish: ['gracias', 'grah, see, ahs'], French: ['merci', 'mare, see'], German: ['danke', 'dahn, kuh'], Italian: ['grazie', 'graht, see, eh'] },
  },
  {
    english: 'good morning', heard: ['good morning', 'morning'],
    in: { Japanese: ['ohayou', 'oh, hah, yoh'], Spanish: ['buenos dias', 'bweh, nos, dee, ahs'], French: ['bonjour', 'bong, zhoor'], German: ['guten Morgen', 'goo, ten, mor, gen'], Italian: ['buongiorno', 'bwon, jor, no'] },
  },
  {
    english: 'goodbye', heard: ['goodbye', 'good bye', 'bye', 'good buy', 'by'],
    in: { Japanese: ['sayounara', 'sah, yoh, nah, rah'], Spanish: ['adios', 'ah, dee, ohs'], French: ['au revoir', 'oh, ruh, vwahr'], German: ['auf Wiedersehen', 'owf, vee, der, zane'], Italian: ['arrivederci', 'ah, ree, veh, dare, chee'] },
  },
  {
    english: 'excuse me', heard: ['excuse me', 'sorry', 'excuse', 'pardon'],
    in: { Japanese: ['sumimasen', 'soo, mee, mah, sen'], Spanish: ['perdon', 'pear, dohn'], French: ['pardon', 'par, dong'], German: ['Entschuldigung', 'ent, shool, dee, goong'], Italian: ['scusi', 'skoo, zee'] },
  },
  {
    english: 'please', heard: ['please', 'the word please'],
    in: { Japanese: ['onegai shimasu', 'oh, neh, guy, shee, mahs'], Spanish: ['por favor', 'por, fah, vor'], French: ['s\'il vous plait', 'seel, voo, play'], German: ['bitte', 'bit, uh'], Italian: ['per favore', 'pear, fah, vor, eh'] },
  },
  {
    english: 'I would like some water', heard: ['water', 'drink', 'i would like'],
    in: { Japanese: ['mizu o kudasai', 'mee, zoo, oh, koo, dah, sigh'], Spanish: ['agua, por favor', 'ah, gwah, por, fah, vor'], French: ['de l\'eau, s\'il vous plait', 'duh, low, seel, voo, play'], German: ['Wasser, bitte', 'vah, ser, bit, uh'], Italian: ['acqua, per favore', 'ah, kwah, pear, fah, vor, eh'] },
  },
]

const CANT_JUDGE = 'I only understand English, so I can\'t judge how you say it.'

const practise: Skill = ({ utterance, turns, random }) => {
  const words = textsOf(utterance)
  const said = ` ${words.join(' ')} `
  const language = words.map(word => LANGUAGES.get(word)).find(found => found !== undefined) ?? 'Japanese'
  const named = phrases.find(phrase => phrase.heard.some(heard => said.includes(` ${heard} `) && !(heard === 'please' && words.at(-1) === 'please' && words.length > 4)))
  const asksOther = /\b(?:how do (?:you|i) say|how to say|what is|how is)\b/u.test(said)
  if (!named && asksOther) {
    return `I don't know that one. In ${language} I can teach hello, thank you, good morning, goodbye, excuse me, please, and asking for water.`
  }
  const phrase = named ?? freshPhrase(language, turns.map(turn => turn.text), random)
  const [written, syllables] = phrase.in[language]
  const honest = turns.some(turn => turn.role === 'assistant' && turn.text.includes(CANT_JUDGE)) ? '' : ` ${CANT_JUDGE}`
  return `In ${language}, ${phrase.english} is ${written}. Slowly: ${syllables}. And once more: ${written}. Now you.${honest}`
}

function freshPhrase(language: Language, said: readonly string[], random: () => number): Phrase {
  const [first, ...rest] = phrases.filter(phrase => !said.some(text => text.includes(`${phrase.english} is ${phrase.in[language][0]}`)))
  return first ? pick([first, ...rest], random) : pick(phrases, random)
}

export const phraseIntents: readonly Intent[] = [
  {
    name: 'phrase',
    cues: [`say|said|teach|learn|practice|practise|translate|phrase|word|speak|study|lesson ${CUE_LANGUAGES} …`, `how|what ${CUE_LANGUAGES}`, `^practice|practise …`, `prep|prepped|practiced ${CUE_LANGUAGES}`, 'language|foreign phrase|lesson|practice|practise', 'teach|learn|practice|practise|another phrase|language', 'learn|teach words|language|phrase'],
    answer: practise,
  },
]
