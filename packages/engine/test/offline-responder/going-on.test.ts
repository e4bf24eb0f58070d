import { describe, expect, it } from 'vitest'
import { jokes } from '../../src/adapters/offline-responder/skills/jokes.ts'
import { stories } from '../../src/adapters/offline-responder/skills/stories.ts'
import { ask, assistant, user } from './asking.ts'

const [story] = stories
const heard = 'The Lamp at Hollow Point. At the end of a long grey beach there stood a lighthouse, and in it lived a keeper named Ines, who had not spoken to anyone for eleven days. She did not'

describe('going on after a cut', () => {
  it('takes up the story at the sentence that was cut', async () => {
    const rest = await ask([user('tell me a story'), assistant(heard, true), user('go on')])
    expect(rest).toMatch(/^She did not mind\. The sea talked/)
    expect(story.text.endsWith(rest)).toBe(true)
  })

  it('still can after a word in between', async () => {
    expect(await ask([user('tell me a story'), assistant(heard, true), user('wait'), assistant('Take your time.'), user('continue the story')])).toMatch(/^She did not mind\./)
  })

  it('goes on with what went on', async () => {
    const turns = [user('tell me a story'), assistant(heard, true), user('go on'), assistant('She did not mind. The sea talked enough for', true), user('go on')]
    expect(await ask(turns)).toMatch(/^The sea talked enough for both of them\. Every evening/)
  })

  it('counts on from the number that was cut', async () => {
    expect(await ask([user('count to ten'), assistant('One, two, three, four, fi', true), user('continue')])).toBe('five, six, seven, eight, nine, ten.')
  })

  it('begins when nothing of it was heard', async () => {
    expect(await ask([user('count to five'), assistant('', true), user('go on')])).toBe('One, two, three, four, five.')
  })

  it('finds the joke that was begun, although another would be drawn now', async () => {
    expect(await ask([user('tell me a joke'), assistant('I bought a book', true), user('go on')], { random: () => 0 })).toBe(jokes[2])
  })

  it('says so when there is nothing left', async () => {
    expect(await ask([user('tell me a story'), assistant(story.text, true), user('go on')])).toBe('That was the end of it.')
    expect(await ask([user('what time is it'), assistant('It\'s 3:05 PM.'), user('go on')])).toBe('I had finished. What else can I do for you?')
  })
})

describe('saying it again', () => {
  it('repeats the last answer', async () => {
    expect(await ask([user('what time is it'), assistant('It\'s 2:00 PM.'), user('say that again')])).toBe('It\'s 2:00 PM.')
  })
  it('repeats a cut answer whole', async () => {
    expect(await ask([user('count to four'), assistant('One, two,', true), user('say that again')])).toBe('One, two, three, four.')
  })
  it('says it slower, in shorter sentences', async () => {
    expect(await ask([user('what day is it'), assistant('Today is Tuesday, March 3, 2026.'), user('slower please')])).toBe('Today is Tuesday. March 3, 2026.')
  })
  it('admits that nothing was said yet', async () => { expect(await ask('say that again')).toBe('I haven\'t said anything yet.') })
})
