import { factToldIn, factsIn, findFact, nameIn, nameToldIn } from '../call-memory.ts'
import { meaningfulWords } from '../cues.ts'
import type { Intent, Skill } from '../skill.ts'
import { textsOf } from '../utterance.ts'

const MAX_FACTS_SAID = 6

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`

const tellName: Skill = ({ turns }) => {
  const name = nameIn(turns)
  return name ? `Your name is ${name}.` : 'You haven\'t told me your name in this call.'
}

const greetByName: Skill = ({ utterance }) => `Nice to meet you, ${nameToldIn(utterance) ?? 'friend'}. I'll know your name until this call ends.`

const keepFact: Skill = ({ utterance }) => {
  const fact = factToldIn(utterance)
  return fact ? `I'll remember it for this call: ${fact.said}.` : 'What shall I remember? Say it like this: remember that my car is on level three.'
}

/** "where is my car": the words of the question that aren't grammar. */
const recallFact: Skill = ({ utterance, turns }) => {
  const words = textsOf(utterance)
  const fact = findFact(factsIn(turns), meaningfulWords(words))
  if (fact) return sentence(fact.said)
  const my = words.lastIndexOf('my')
  const thing = my >= 0 ? utterance.words.slice(my + 1, my + 5).map(word => word.shown).join(' ') : ''
  return thing ? `You haven't told me about your ${thing} in this call.` : 'You haven\'t told me that in this call.'
}

const tellAll: Skill = ({ turns }) => {
  const name = nameIn(turns)
  const facts = factsIn(turns).slice(-MAX_FACTS_SAID).map(fact => sentence(fact.said))
  const all = [...(name ? [`Your name is ${name}.`] : []), ...facts]
  return all.length > 0 ? all.join(' ') : 'Nothing yet. Tell me your name, or ask me to remember something.'
}

const sayBackWords: Skill = ({ turns }) => {
  const last = turns.findLast(turn => turn.role === 'user' && turn.text.trim() !== '')
  return last ? `You said: ${last.text.trim().slice(0, 300)}` : 'You haven\'t said anything before that.'
}

export const memoryIntents: readonly Intent[] = [
  { name: 'forget', cues: ['forget everything|all', 'forget what_i_said|what_i_told …', 'forget my_name', '^forget that|it|about …'], answer: () => 'All right. I won\'t use it any more. I keep nothing beyond this call anyway.' },
  { name: 'name-asked', cues: ['what|tell|remember|know|say|whats my_name', 'what is|was my_name', 'do_you remember|know my_name', 'what is my name', 'who am_i', 'my_name_is_what', 'what call me !can'], answer: tellName },
  { name: 'name-unclear', cues: ['^my_name|my_names|call_me !what !is_my !your !spell …', 'change my_name …'], answer: () => 'I didn\'t catch the name. Please say it again, or type it.' },
  { name: 'name-told', recognise: utterance => nameToldIn(utterance) ? 4.4 : 0, answer: greetByName },
  {
    name: 'facts-asked',
    cues: ['what know|remember about|from me|i|my', 'what did i tell', 'what have i told', 'what i asked|told|ask remember', 'what remember !my', 'what noted|notes', 'what did i_ask|i_asked remember'],
    answer: tellAll,
  },
  { name: 'words-asked', cues: ['what did i_say|i_just_say', 'what i_said|i_just_said', 'repeat what_i_said'], answer: sayBackWords },
  { name: 'fact-told', recognise: utterance => factToldIn(utterance) ? 3.3 : 0, cues: ['^remember !what !do_you', '^keep_in_mind', 'make|take note'], answer: keepFact },
  {
    name: 'fact-asked',
    recognise: (utterance, turns) => {
      const [first, second] = textsOf(utterance)
      const isQuestion = ['what', 'where', 'who', 'when', 'which', 'how'].includes(first ?? '') || (first === 'do' && second === 'you')
      if (!isQuestion) return 0
      return findFact(factsIn(turns), meaningfulWords(textsOf(utterance))) ? 3.2 : 0
    },
    cues: ['^what|where|who|when|which|wear is_my|are_my|was_my !my_name …', 'where did|have i …', 'when do|did|have i …', 'what time is_my …', 'do_you remember|know my !my_name …', 'do_you remember|know where|when|who|what my|i …'],
    answer: recallFact,
  },
]
