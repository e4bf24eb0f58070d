import { describe, expect, it } from 'vitest'
import type { ResponderTurn } from '../../../src/index.ts'
import { assistant, user } from '../asking.ts'
import type { Answer } from './toolbox.ts'
import { answerTo } from './toolbox.ts'

/** One utterance after the other; each answer is part of what comes before the next. */
async function talk(...said: string[]): Promise<Answer[]> {
  const turns: ResponderTurn[] = []
  const answers: Answer[] = []
  for (const utterance of said) {
    turns.push(user(utterance))
    const answer = await answerTo(turns)
    turns.push(assistant(answer.said.trimEnd()))
    answers.push(answer)
  }
  return answers
}

describe('a call that lacks an argument', () => {
  it.each([
    ['what is the weather', 'For which location?', 'Tokyo', 'get_weather', { location: 'Tokyo' }],
    ['what is the weather', 'For which location?', 'in new york please', 'get_weather', { location: 'New York' }],
    ['set a timer', 'For how long?', 'ten minutes', 'set_timer', { duration_seconds: 600 }],
    ['turn on the light', 'For which room?', 'the bedroom', 'turn_on_light', { room: 'bedroom' }],
    ['convert 50 dollars', 'Into which currency?', 'euros', 'convert_currency', { amount: 50, from_currency: 'USD', to_currency: 'EUR' }],
    ['where is my order, what is its status', 'What is the order id?', 'four seven one one', 'get_order_status', { order_id: '4711' }],
    ['add something to my shopping list', 'Which items?', 'milk and honey', 'add_shopping_items', { items: ['milk', 'honey'] }],
  ])('%s → %s → %s', async (first, question, second, name, args) => {
    const [asked, called] = await talk(first, second)
    expect(asked).toEqual({ said: question, calls: [] })
    expect(called?.calls).toEqual([{ name, args }])
  })

  it('asks for one after the other, and takes more than was asked for', async () => {
    const answers = await talk('book a table', 'for four people', 'tomorrow at half past seven')
    expect(answers.map(({ said }) => said).slice(0, 2)).toEqual(['For how many people?', 'For which day?'])
    expect(answers[2]?.calls).toEqual([{ name: 'book_table', args: { party_size: 4, date: '2026-03-04', time: '19:30' } }])
  })

  it('asks once more when the answer is none, then leaves it', async () => {
    const answers = await talk('set a timer', 'banana', 'the blue one', 'hello')
    expect(answers.map(({ said }) => said)).toEqual(['For how long?', 'Sorry, I didn\'t get that. For how long?', 'I\'ll leave that, then. What else can I do for you?', expect.stringContaining('Hello')])
    expect(answers.flatMap(({ calls }) => calls)).toEqual([])
  })

  it('takes an answer that comes at the second time of asking', async () => {
    expect((await talk('set a timer', 'banana', 'five minutes')).at(-1)?.calls).toEqual([{ name: 'set_timer', args: { duration_seconds: 300 } }])
  })

  it('lets go of it when told to', async () => {
    const answers = await talk('set a timer', 'never mind', 'what time is it')
    expect(answers[1]).toEqual({ said: 'I\'ll leave that, then. What else can I do for you?', calls: [] })
  })

  it('changes the subject with the talker', async () => {
    expect((await talk('set a timer', 'turn on the light in the kitchen')).at(-1)?.calls).toEqual([{ name: 'turn_on_light', args: { room: 'kitchen' } }])
  })

  it('takes the answer to a question that was cut', async () => {
    const turns = [user('set a timer'), assistant('For how', true), user('five minutes')]
    expect((await answerTo(turns)).calls).toEqual([{ name: 'set_timer', args: { duration_seconds: 300 } }])
  })
})
