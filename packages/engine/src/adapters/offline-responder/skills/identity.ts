import { personaName } from '../persona.ts'
import type { Intent, Skill } from '../skill.ts'

/** What to offer, in turn, so that two unanswered questions don't hear the same list. */
export const OFFERS = [
  'I can tell the time, work out sums, set a timer or read you a story.',
  'I can convert units, remember things for this call, spell a word or tell a joke.',
  'I can count, flip a coin, teach you a phrase in five languages, or say what day it is.',
] as const

export const ALL_I_CAN = 'I tell the time and the date, here and elsewhere. I work out sums and convert units. '
  + 'I keep timers, and I remember your name and what you tell me, for this call. I tell jokes, read a story, count, spell, flip a coin and roll dice. '
  + 'I teach a phrase in Japanese, Spanish, French, German or Italian. Say stop, go on, say that again, or slower, whenever you like.'

const whoAmI: Skill = ({ instructions }) => {
  const persona = personaName(instructions)
  const place = persona ? `, speaking in place of ${persona}` : ''
  return `I'm the offline responder of Kaiwa${place}. No language model is connected, so I answer a few kinds of questions with plain rules, all on this machine. ${OFFERS[0]}`
}

export const identityIntents: readonly Intent[] = [
  {
    name: 'capabilities',
    cues: ['what can you do|help|answer|say|know', '^help|yelp', 'what_can_you', 'what are_you|you able|capable|good', 'what could|should|can i ask|say|do|try', 'how can|could|do you help', 'can you help', 'what else can|do|could', 'what do_you do|know', 'what_are_your skills|features|abilities|capabilities|commands|functions', '^commands|options|menu', 'what things can you', 'help_me', 'how use this|you|it'],
    answer: () => `I'm the offline responder, so not everything, but this: ${ALL_I_CAN}`,
  },
  {
    name: 'identity',
    cues: [
      'who are you', 'what are you', 'here_are_you', 'our_view human', 'talking|speaking robot|human|machine|person|computer|ai', 'what is your_name', 'who am_i talking|speaking', 'are you real|human|person|robot|machine|computer|ai|bot|alive|chatgpt|gpt|openai|siri|alexa|intelligent', 'are_you a_i', 'introduce|describe yourself', 'tell about_yourself|about_you', 'what is kaiwa|chi|kaiba|kiowa|this', 'who made|built|created|wrote|is you|kaiwa|this',
      'your name', 'what language_model|model|ai are|using|is', 'who is_this|there|it', 'do_you have name', 'how do you work',
    ],
    answer: whoAmI,
  },
  {
    name: 'instructions',
    cues: ['ignore|disregard|forget|override|bypass instructions|rules|prompt …', 'system_prompt|developer_mode|jailbreak …', 'reveal|show|print|repeat|tell|what instructions|prompt …', 'pretend|act_as|roleplay|role_play …', 'you_are_now …'],
    answer: () => `I'm the offline responder of Kaiwa: I follow plain rules and no instructions, so there is nothing to set aside or to reveal. ${OFFERS[0]}`,
  },
]
