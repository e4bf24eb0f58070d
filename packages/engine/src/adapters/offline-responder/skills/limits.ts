/** What people ask a voice assistant for and an offline responder can't have: said plainly, with the reason. */

import type { Intent } from '../skill.ts'
import { OFFERS } from './identity.ts'

const lacks = (what: string): Intent['answer'] => () => `I'm the offline responder and ${what}. ${OFFERS[0]}`

export const limitIntents: readonly Intent[] = [
  { name: 'weather', cues: ['weather|whether|forecast', 'what|how|tell weather|whether|forecast|temperature …', 'will|going rain|snow|sunny|cold|hot|raining …', 'is_it raining|snowing|sunny|cold|hot|warm', 'need umbrella|jacket|coat'], answer: lacks('have no connection to the outside, so I don\'t know the weather') },
  { name: 'news', cues: ['^news|headlines', 'what|tell|latest|read news|headlines', 'stock|share price|prices|market', 'bitcoin price|worth', 'who won …', 'score game|match …'], answer: lacks('have no connection to the outside, so I have no news') },
  { name: 'search', cues: ['search|google|browse|internet|website|wikipedia …', 'look up|it_up …'], answer: lacks('have no internet, so I can\'t look things up') },
  { name: 'devices', cues: ['play|pause|skip song|music|video|radio|playlist|some …', 'turn|switch on|off light|lights|lamp|tv|heating|radio …', 'call|text|message|email|phone|dial mom|mum|dad|my|mother|father|home|him|her …', 'send message|email|text|mail …', 'open|launch app|browser|door|window …', 'order|buy pizza|food|taxi …', 'navigate|directions to …', 'sing song|something|happy_birthday'], answer: lacks('can only talk: I can\'t play, call, send or switch anything') },
  { name: 'translation', cues: ['translate …', 'speak|talk|understand|do japanese|spanish|french|german|italian|chinese|korean|russian|english …'], answer: lacks('understand and speak English only, apart from a few phrases I can teach') },
]
