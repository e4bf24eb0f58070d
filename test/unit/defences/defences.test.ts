import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { themes } from '../../defences/all-defences.ts'
import { patchBuilt } from '../../defences/built-server.ts'
import { occurrences, withCut } from '../../defences/defence.ts'

const defences = Object.values(themes).flat()

/** `npm run prove` sees the tests fail; here is only what would make it prove nothing. */
describe('the table of defences', () => {
  it('finds each piece that it takes away exactly once, and puts something else in its place', () => {
    const texts = new Map<string, string>()
    const textOf = (file: string) => texts.get(file) ?? texts.set(file, readFileSync(file, 'utf8')).get(file)!
    const stale = defences.flatMap(({ row, without }) => without
      .filter(({ file, find, put }) => find === put || !existsSync(file) || occurrences(textOf(file), find) !== 1)
      .map(({ file, find }) => `${row}: ${file} no longer has this exactly once: ${find}`))
    expect(stale).toEqual([])
  })

  it('names tests for each, in files that there are', () => {
    for (const { row, without, tests } of defences) {
      expect([row, without.length > 0, tests.length > 0]).toEqual([row, true, true])
      for (const { file, names } of tests) expect([file, existsSync(file), names.length > 0]).toEqual([file, true, true])
    }
  })

  it('says each row once', () => { expect(defences.map(({ row }) => row)).toEqual([...new Set(defences.map(({ row }) => row))]) })
})

describe('taking a piece away', () => {
  it('fails where it isn\'t there, or twice', () => {
    expect(withCut('a b c', { file: 'x', find: 'b ', put: '' })).toBe('a c')
    expect(() => withCut('a', { file: 'x', find: 'b', put: '' })).toThrow('x has this 0 times')
    expect(() => withCut('b b', { file: 'x', find: 'b', put: '' })).toThrow('x has this 2 times')
  })
})

describe('the same change in what was built', () => {
  const before = 'import { size } from "./size.ts";\nexport function admit(knock) {\n  if (size(knock) > 9) return refusal(400);\n  return open(knock);\n}\n'
  const after = before.replace('if (size(knock) > 9)', 'if (false)')
  const chunk = (text: string) => ({ path: 'a.mjs', text })

  it('is made under the names that the bundler gave', () => {
    const built = 'const x = 1;\nfunction admit(knock) {\n  if (size$2(knock) > 9) return refusal$1(400);\n  return open(knock);\n}\n'
    expect(patchBuilt([chunk('nothing'), chunk(built)], before, after)?.text).toBe(built.replace('if (size$2(knock) > 9)', 'if (false)'))
  })

  it('is told from its like by what stands around it', () => {
    const other = 'function other(knock) {\n  if (size(knock) > 9) return refusal(400);\n  return close(knock);\n}\n'
    const built = 'function admit(knock) {\n  if (size(knock) > 9) return refusal(400);\n  return open(knock);\n}\n'
    expect(patchBuilt([chunk(other + built)], before, after)?.text).toBe(other + built.replace('if (size(knock) > 9)', 'if (false)'))
  })

  it('isn\'t made where the place can\'t be found for sure', () => {
    const built = 'function admit(knock) {\n  if (size(knock) > 9) return refusal(400);\n  return open(knock);\n}\n'
    expect(patchBuilt([chunk('elsewhere')], before, after)).toBeUndefined()
    expect(patchBuilt([chunk(`${built}\n${built}\n`)], before, after)).toBeUndefined()
  })
})
