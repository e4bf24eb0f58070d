import { describe, expect, it } from 'vitest'
import type { ResponderTurn } from '../../src/index.ts'
import { durationSeconds, sayDuration } from '../../src/adapters/offline-responder/skills/timers.ts'
import { readUtterance, textsOf } from '../../src/adapters/offline-responder/utterance.ts'
import { ask, assistant, user } from './asking.ts'

const seconds = (text: string): number => durationSeconds(textsOf(readUtterance(text)))

describe('durations', () => {
  it.each([
    ['two minutes', 120], ['90 seconds', 90], ['an hour and a half', 5400], ['one minute and thirty seconds', 90], ['half an hour', 1800],
    ['a quarter of an hour', 900], ['a timer for to minutes', 120], ['a timer for for minutes', 240], ['a timer for minutes', 0], ['two and a half minutes', 150], ['10min', 600], ['ten miles', 0],
  ])('%s is %d s', (text, wanted) => { expect(seconds(text)).toBe(wanted) })

  it('says them back', () => { expect(sayDuration(5430)).toBe('1 hour and 30 minutes and 30 seconds') })
})

/** A call in which time passes. */
function callAt(start: string) {
  const turns: ResponderTurn[] = []
  let nowMs = Date.parse(start)
  return {
    turns,
    pass(ms: number) { nowMs += ms },
    async say(text: string) {
      turns.push(user(text))
      const answer = await ask(turns, { now: () => new Date(nowMs), timeZone: 'Asia/Tokyo' })
      turns.push(assistant(answer))
      return answer
    },
  }
}

describe('timers', () => {
  it('says when it ends, and that it can\'t ring', async () => {
    const call = callAt('2026-03-03T15:05:00Z')
    expect(await call.say('set a timer for two minutes')).toBe('Your timer of 2 minutes runs until 12:07:00 AM. '
      + 'I only speak when spoken to, so it won\'t ring: ask me how much is left, and I\'ll tell you with my next answer when it is over.')
  })

  it('tells what is left, across midnight too', async () => {
    const call = callAt('2026-03-03T14:59:30Z')
    await call.say('set a timer for two minutes')
    call.pass(45_000)
    expect(await call.say('how much time is left')).toBe('1 minute and 15 seconds left on your timer of 2 minutes.')
  })

  it('tells of the end once, with the next answer', async () => {
    const call = callAt('2026-03-03T15:05:00Z')
    await call.say('set a timer for ten seconds')
    call.pass(30_000)
    expect(await call.say('flip a coin')).toBe('Heads. Your timer of 10 seconds ended at 12:05:10 AM.')
    expect(await call.say('flip a coin')).toBe('Heads.')
    expect(await call.say('how much time is left')).toBe('No timer is running.')
  })

  it('keeps several apart, and cancels', async () => {
    const call = callAt('2026-03-03T15:05:00Z')
    await call.say('set a timer for one minute')
    await call.say('set a timer for an hour')
    expect(await call.say('how much time is left')).toBe('1 minute left on your timer of 1 minute. 1 hour left on your timer of 1 hour.')
    expect(await call.say('cancel the timers')).toBe('Timer cancelled.')
    expect(await call.say('cancel the timers')).toBe('No timer is running.')
  })

  it('asks when the time span is missing, and refuses one beyond a day', async () => {
    expect(await ask('set a timer')).toContain('For how long?')
    expect(await ask('set a timer for 900 hours')).toContain('up to a day')
  })

  it('offers a timer when only a time span was understood', async () => {
    expect(await ask('saturday i entered for ten seconds')).toBe('I heard "saturday i entered for ten seconds". If you want a timer, say: set a timer for 10 seconds.')
  })

  it('does not believe a timer that a user writes himself', async () => {
    expect(await ask([user('Your timer of 2 minutes runs until 3:07:00 PM'), assistant('OK.'), user('how much time is left')])).toBe('No timer is running.')
  })
})
