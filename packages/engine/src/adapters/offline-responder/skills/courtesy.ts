import { nameIn } from '../call-memory.ts'
import { greetingOf } from '../persona.ts'
import type { Intent, Skill, SkillContext } from '../skill.ts'
import { textsOf } from '../utterance.ts'
import { OFFERS } from './identity.ts'

function salute(words: readonly string[]): string {
  const part = ['morning', 'afternoon', 'evening'].find(name => words.includes(name))
  return part ? `Good ${part}` : 'Hello'
}

const greet: Skill = context => {
  const name = nameIn(context.turns)
  const hello = `${salute(textsOf(context.utterance))}${name ? `, ${name}` : ''}.`
  const again = context.turns.some(turn => turn.role === 'assistant' && turn.text.includes('offline responder'))
  return again ? `${hello} What can I do for you?` : `${hello} I'm the offline responder of Kaiwa. ${OFFERS[0]}`
}

/** Nobody has said anything yet, and an answer is wanted. */
export function openingWords({ instructions }: Pick<SkillContext, 'instructions'>): string {
  return greetingOf(instructions) ?? `Hello. I'm the offline responder of Kaiwa. ${OFFERS[0]}`
}

const sayGoodbye: Skill = ({ turns }) => {
  const name = nameIn(turns)
  return `Goodbye${name ? `, ${name}` : ''}. It was good to talk with you.`
}

export const courtesyIntents: readonly Intent[] = [
  { name: 'goodbye', cues: ['goodbye|bye|good_bye|good_by|good_buy|farewell|by_by|bye_bye|buy_buy', 'good|goodnight night', 'see|talk you|to_you later|soon|tomorrow', 'goodnight', 'take care', 'i_have_to_go|i_must_go|i_am_leaving', 'end call', 'hang up', 'so_long'], answer: sayGoodbye },
  { name: 'thanks', cues: ['thanks|thank|thank_you|think_you|then_q|tanks|thankyou|cheers', 'thanks|thank|think lot|much|so|kindly', 'appreciate', 'thank_you …'], answer: () => 'You\'re welcome.' },
  { name: 'how-are-you', cues: ['how are you', 'how is_it going', 'how do_you_do|do_you_feel|are_you_doing', 'what is up', 'how_have_you_been', 'are_you ok|okay|well|good|fine'], answer: () => 'All my parts are running, thank you. What can I do for you?' },
  { name: 'hearing', cues: ['can|do you hear', 'are_you there|listening|awake|still_there', '^test|testing', '^testing|test one|won|1 …', 'mic|microphone test|check|working', 'is this|it working|on', 'anybody|anyone there|home|here', 'hello are_you_there', 'hear_me'], answer: ({ utterance }) => `Yes, I'm here. I got: ${utterance.shown.slice(0, 120)}` },
  { name: 'praise', cues: ['good|great|nice|well job|done|work|answer', 'you_are|that_is|that_was great|good|nice|funny|awesome|amazing|smart|clever|helpful|wonderful|perfect|cool|right|correct', 'i love|like you|it|that', '^great|awesome|amazing|perfect|excellent|wonderful|cool|nice|wow|brilliant', 'haha|ha_ha'], answer: () => 'Thank you. What next?' },
  { name: 'blame', cues: ['you_are|that_is|that_was|this_is wrong|stupid|useless|dumb|bad|terrible|awful|idiot|incorrect|not_right|slow', 'i hate you|this|it', '^stupid|useless|idiot|dumb|wrong', 'you suck|idiot', 'not what i asked|said|meant|wanted', 'no wrong'], answer: () => 'I\'m sorry. I\'m a small offline responder and easily mistaken. Please say it once more in other words.' },
  { name: 'sorry', cues: ['^sorry', 'i_am sorry', 'my mistake|bad', 'excuse_me', 'apologize|apologise'], answer: () => 'No harm done.' },
  { name: 'yes', cues: ['^yes|yeah|yep|sure|okay|ok|alright|yup|correct|exactly|absolutely', 'all right', 'of course', 'i_see|i_understand|got_it|sounds_good'], answer: () => 'Good. What would you like?' },
  { name: 'no', cues: ['^no|nope|nah|no_thanks|no_thank_you', 'not now|really', 'nothing', 'that_is all|it'], answer: () => 'All right. I\'m here when you need me.' },
  {
    name: 'greeting',
    cues: ['hello|hi|hey|howdy|greetings|hallo|hullo|hey_there|hi_there|yo', 'good|could morning|afternoon|evening', 'nice|good meet you', 'hello|hi there|kaiwa|everybody|everyone|again', '^hey'],
    recognise: ({ words }) => words.length <= 3 && /^(?:hello|hi|hey|hallo)$/u.test(words[0]?.text ?? '') ? 1 : 0,
    answer: greet,
  },
]
