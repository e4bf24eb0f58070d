import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { inChainOrder, type Link } from '../../../../server/store/chain-order.ts'
import { cursorOf, placeOf } from '../../../../server/store/cursor.ts'

const link = (id: string, afterId: string | null, callId = 'call_1'): Link => ({ id, afterId, callId })
const ids = (links: readonly Link[]) => inChainOrder(links).map(({ id }) => id).join('')
const chain = (length: number) => Array.from({ length }, (_, n) => link(String(n), n === 0 ? null : String(n - 1)))

describe('items stand in the order of their chain', () => {
  it('in whatever order they arrive', () => {
    fc.assert(fc.property(fc.nat(30).chain(length => fc.shuffledSubarray(chain(length + 1), { minLength: length + 1 })), arrived => {
      expect(inChainOrder(arrived).map(({ id }) => id)).toEqual(arrived.map((_, n) => String(n)))
    }))
  })

  it('all of them, once, with any gaps, forks and loops', () => {
    const links = fc.uniqueArray(fc.record({ id: fc.constantFrom(...'abcdefghij'), afterId: fc.option(fc.constantFrom(...'abcdefghijxyz')), callId: fc.constantFrom('1', '2') }), { selector: ({ id }) => id })
    fc.assert(fc.property(links, arrived => {
      expect(inChainOrder(arrived).map(({ id }) => id).toSorted()).toEqual(arrived.map(({ id }) => id).toSorted())
    }))
  })

  it.each([
    ['a gap', [link('a', null), link('c', 'b'), link('d', 'c')], 'acd'],
    ['one put in between', [link('a', null), link('b', 'a'), link('x', 'a')], 'axb'],
    ['one put before all', [link('a', null), link('b', 'a'), link('x', null)], 'xab'],
    ['a second call, which begins at the end', [link('a', null), link('b', 'a'), link('c', null, 'call_2'), link('d', 'c', 'call_2')], 'abcd'],
    ['one put before the second call', [link('a', null), link('b', null, 'call_2'), link('x', null, 'call_2')], 'axb'],
    ['a loop', [link('a', 'b'), link('b', 'a'), link('c', null)], 'cab'],
    ['itself', [link('a', 'a'), link('b', 'a')], 'ab'],
  ])('%s', (_what, links, order) => { expect(ids(links)).toBe(order) })

  it('a hundred thousand at once, and backwards, in no time', () => {
    expect(inChainOrder(chain(100_000).toReversed())[99_999]!.id).toBe('99999')
    expect(inChainOrder(Array.from({ length: 100_000 }, (_, n) => link(String(n), '99999')))).toHaveLength(100_000)
  })
})

describe('a cursor', () => {
  it('comes back as it went', () => {
    fc.assert(fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }).filter(number => !Object.is(number, -0)), fc.string({ unit: 'grapheme' }), (number, text) => {
      expect(placeOf(cursorOf([number, text]), ['number', 'string'])).toEqual([number, text])
    }))
  })

  it('that was made up is refused with a sentence, whatever it is', () => {
    fc.assert(fc.property(fc.string(), text => {
      try {
        placeOf(text, ['number', 'string'])
      } catch (error) {
        expect(error).toMatchObject({ name: 'StoreError', code: 'bad_query' })
      }
    }))
  })
})
