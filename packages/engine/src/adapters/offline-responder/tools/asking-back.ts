/** Questions for what a call still needs. The next request finds its way back by them, since nothing is kept between requests. */
import type { Slot } from './tool-schema.ts'

const label = ({ words }: Slot) => words.filter(word => !['name', 'value', 'string', 'type', 'to', 'from', 'iso'].includes(word)).join(' ') || words.join(' ') || 'value'
const MAX_NAMED_CHOICES = 5

const listed = (values: readonly string[]) => values.length > 1 ? `${values.slice(0, -1).join(', ')} or ${values.at(-1)}` : values.join('')

/** One question, always the same for the same slot. */
export function questionFor(slot: Slot): string {
  const { value } = slot
  switch (value.kind) {
    case 'choice': {
      const choices = value.choices.slice(0, MAX_NAMED_CHOICES).map(({ value: choice }) => String(choice).replaceAll('_', ' '))
      return value.choices.length > MAX_NAMED_CHOICES ? `Which ${label(slot)}?` : `Which ${label(slot)}: ${listed(choices)}?`
    }
    case 'date': return 'For which day?'
    case 'time': return 'At what time?'
    case 'moment': return 'For when?'
    case 'duration': return 'For how long?'
    case 'number': return value.secondsEach ? 'For how long?' : countOf(slot)
    case 'currency': return slot.words.includes('to') || slot.words.includes('target') ? 'Into which currency?' : 'From which currency?'
    case 'place': return slot.words.includes('origin') || slot.words.includes('from') ? `From which ${label(slot)}?` : `For which ${label(slot)}?`
    case 'list': return `Which ${label(slot)}?`
    case 'email': return 'What is the e-mail address?'
    default: return `What is the ${label(slot)}?`
  }
}

function countOf(slot: Slot): string {
  if (slot.words.some(word => ['party', 'people', 'guests', 'persons', 'attendees'].includes(word))) return 'For how many people?'
  if (slot.words.some(word => ['quantity', 'count'].includes(word))) return 'How many?'
  return `What is the ${label(slot)}, as a number?`
}

const AGAIN = 'Sorry, I didn\'t get that. '
export const GIVEN_UP = 'I\'ll leave that, then. What else can I do for you?'

export const askAgain = (question: string): string => `${AGAIN}${question}`

/** Whether these words of the assistant asked this; they may have been cut. */
export function isAsked(question: string, { text, cut }: { text: string, cut?: boolean }): 'once' | 'again' | undefined {
  const said = text.trim()
  const begins = (whole: string) => whole === said || (cut === true && said.length >= 6 && whole.startsWith(said))
  return begins(question) || (said.endsWith(` ${question}`) && !said.startsWith(AGAIN)) ? 'once' : begins(askAgain(question)) ? 'again' : undefined
}

/** The talker doesn't want it any more. */
export function isDropped(words: readonly string[]): boolean {
  const said = words.join(' ')
  return words.length <= 5 && /\b(?:never ?mind|nevermind|forget (?:it|that|about it)|cancel|stop|leave it|no thanks|no thank you|do not bother)\b/u.test(said)
}
