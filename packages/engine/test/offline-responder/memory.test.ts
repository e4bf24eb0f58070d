import { describe, expect, it } from 'vitest'
import { ask, assistant, converse, user } from './asking.ts'

const lastOf = async (...utterances: string[]): Promise<string | undefined> => (await converse(utterances)).at(-1)

describe('what was told in this call', () => {
  it.each([
    [['my name is aya', 'what\'s my name'], 'Your name is Aya.'],
    [['hello my name is Aya Sato.', 'do you know my name?'], 'Your name is Aya Sato.'],
    [['call me Ben', 'tell me a joke', 'who am i'], 'Your name is Ben.'],
    [['my name is aya', 'no my name is maya', 'what is my name'], 'Your name is Maya.'],
    [['i am tired', 'what is my name'], 'You haven\'t told me your name in this call.'],
    [['remember that my car is on level three', 'what time is it', 'where is my car'], 'Your car is on level three.'],
    [['remember my car is on level three', 'remember my car is on level four', 'where is my car'], 'Your car is on level four.'],
    [['my favourite colour is blue', 'what is my favourite colour'], 'Your favourite colour is blue.'],
    [['remember that I parked near the red gate', 'where did i park'], 'You parked near the red gate.'],
    [['don\'t forget that the shop closes at six', 'when does the shop close'], 'The shop closes at six.'],
    [['where is my car'], 'You haven\'t told me about your car in this call.'],
    [['my name is aya', 'forget everything', 'what is my name'], 'You haven\'t told me your name in this call.'],
    [['my name is aya', 'remember that i like tea', 'what do you know about me'], 'Your name is Aya. You like tea.'],
    [['my name is aya', 'spell my name'], 'Aya: A, Y, A.'],
    [['my name is aya', 'goodbye'], 'Goodbye, Aya. It was good to talk with you.'],
    [['what is twelve times seven', 'what did i say'], 'You said: what is twelve times seven'],
  ])('%j → %s', async (said, answer) => { expect(await lastOf(...said)).toBe(answer) })

  it('confirms what it will remember, in the second person', async () => {
    expect(await ask('remember that my car is on level three')).toBe('I\'ll remember it for this call: your car is on level three.')
  })

  it('reads it from the turns alone: what is not in them is not known', async () => {
    expect(await ask([user('my name is aya'), assistant('Nice to meet you, Aya.'), user('what is my name')])).toBe('Your name is Aya.')
    expect(await ask([user('what is my name')])).toBe('You haven\'t told me your name in this call.')
  })
})
