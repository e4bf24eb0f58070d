import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { en } from '../../../../app/i18n/en.ts'
import { troubles } from '../../../../app/i18n/en-troubles.ts'

const app = new URL('../../../../app', import.meta.url).pathname
const sources = ['components', 'composables', 'pages'].flatMap(folder =>
  readdirSync(join(app, folder), { recursive: true, encoding: 'utf8' }).filter(file => /\.(vue|ts)$/.test(file)).map(file => readFileSync(join(app, folder, file), 'utf8')))
  .concat(readFileSync(join(app, 'error.vue'), 'utf8'), readFileSync(join(app, 'app.vue'), 'utf8'))

/** Every key of the texts, down to the sentence; a list counts as one. */
function keysOf(texts: object, path = ''): string[] {
  return Object.entries(texts).flatMap(([key, value]) => typeof value === 'object' && !Array.isArray(value) ? keysOf(value, `${path}${key}.`) : [`${path}${key}`])
}

/** Keys as the source asks for them; a part that is computed stands for any. */
function askedFor(): { literal: string[], pattern: RegExp[] } {
  const all = sources.join('\n')
  const literal = [...all.matchAll(/\bt\(\s*'([\w.-]+)'/g)].map(match => match[1]!)
  const template = [...all.matchAll(/(?:\bt\(\s*|= |: |\? )`((?:[a-z]+\.)[^`]*)`/gi)].map(match => match[1]!)
  return { literal, pattern: template.map(text => new RegExp(`^${text.replace(/\./g, '\\.').replace(/\$\{[^}]*\}/g, '[\\w-]+')}$`)) }
}

describe('the page’s texts', () => {
  const keys = keysOf(en)
  const { literal, pattern } = askedFor()

  test('there is one for every key that a component asks for', () => {
    expect(literal.length).toBeGreaterThan(60)
    expect(literal.filter(key => !keys.includes(key))).toEqual([])
    expect(pattern.filter(asked => !keys.some(key => asked.test(key))).map(String)).toEqual([])
  })

  test('none is there that nobody asks for', () => {
    expect(keys.filter(key => !literal.includes(key) && !pattern.some(asked => asked.test(key)))).toEqual([])
  })

  test('each trouble says what happened and what to do', () => {
    for (const [code, { word, title, body, steps }] of Object.entries(troubles)) {
      expect(word.length, code).toBeLessThanOrEqual(14)
      expect(title.length, code).toBeGreaterThan(10)
      expect(body, code).toMatch(/\.$/)
      if (code !== 'mic_denied') expect(steps.length, code).toBeGreaterThan(0)
    }
    const titles = Object.values(troubles).map(({ title }) => title)
    expect(new Set(titles).size).toBe(titles.length)
  })

  test('they are written in plain sentences', () => {
    const text = JSON.stringify(en)
    expect(text).not.toMatch(/oops|whoops|uh-oh|something went wrong|successfully/i)
  })
})
