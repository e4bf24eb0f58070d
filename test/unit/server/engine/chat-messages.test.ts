import { describe, expect, it } from 'vitest'
import type { ResponderTurn } from '@kaiwa/engine'
import { chatMessages, MAX_CONTEXT_CHARACTERS } from '../../../../server/engine/chat-messages.ts'

const after = (turns: ResponderTurn[]) => chatMessages({ instructions: '', turns }).slice(1)

describe('a conversation as chat messages', () => {
  it('puts instructions first, then a note on speaking', () => {
    const [first] = chatMessages({ instructions: ' Be kind. ', turns: [] })
    expect(first?.role).toBe('system')
    expect(first?.content).toMatch(/^Be kind\.\n\nThis is a voice conversation/)
  })

  it('marks a cut answer and leaves out one of which nothing was heard', () => {
    expect(after([
      { role: 'user', text: 'a story' }, { role: 'assistant', text: 'Once upon', cut: true }, { role: 'user', text: 'wait' }, { role: 'assistant', text: '', cut: true }, { role: 'user', text: 'go on' },
    ])).toEqual([
      { role: 'user', content: 'a story' }, { role: 'assistant', content: 'Once upon [interrupted]' }, { role: 'user', content: 'wait\ngo on' },
    ])
  })

  it('tells when the user was not understood', () => {
    expect(after([{ role: 'user', text: ' ' }])).toEqual([{ role: 'user', content: '[The user said something that could not be understood.]' }])
  })

  it('keeps system turns where they stand', () => {
    expect(after([{ role: 'user', text: 'a' }, { role: 'system', text: 'b' }, { role: 'user', text: 'c' }]).map(({ role }) => role)).toEqual(['user', 'system', 'user'])
  })

  it('drops the oldest when it is full, never the newest', () => {
    const turns: ResponderTurn[] = Array.from({ length: 100 }, (_, index) => ({ role: index % 2 ? 'assistant' : 'user', text: `${index} ${'x'.repeat(1000)}` }))
    const kept = after(turns)
    expect(kept.length).toBe(Math.floor(MAX_CONTEXT_CHARACTERS / 1003))
    expect(kept.at(-1)?.content).toMatch(/^99 /)
    expect(after([{ role: 'user', text: 'y'.repeat(MAX_CONTEXT_CHARACTERS * 2) }])[0]?.content?.length).toBe(MAX_CONTEXT_CHARACTERS)
  })
})
