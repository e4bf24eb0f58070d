import { describe, expect, it } from 'vitest'
import { eventInWords, replay, samples, wireInWords } from './samples.ts'

describe.each(samples)('recorded turn: $name', ({ sample }) => {
  it('means what it has to mean, in this order', () => {
    expect(replay(sample).flatMap(({ events }) => events.map(eventInWords))).toEqual(sample.told)
  })
  it('sends what it has to send, at the step that it is due', () => {
    expect(replay(sample).map(({ wire }) => wire.map(wireInWords))).toEqual(sample.steps.map(step => step.sends ?? []))
  })
})
