import { readdirSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { describePersonaFault } from '../../../../server/personas/persona.ts'
import { MAX_FILE_BYTES } from '../../../../server/personas/persona-folder.ts'
import { readPersona } from '../../../../server/personas/persona-file.ts'

const complaints = (text: string) => {
  const read = readPersona('tutor.yaml', 'tutor', text)
  return read.ok ? [] : read.faults.map(describePersonaFault)
}
const head = 'name: A\ninstructions: b\n'

describe('a persona in a file', () => {
  it('needs a name and instructions, and has a default for everything else', () => {
    const read = readPersona('tutor.yaml', 'tutor', head)
    expect(read).toMatchObject({
      ok: true,
      persona: {
        id: 'tutor', name: { en: 'A' }, instructions: 'b', greeting: undefined, model: undefined, voice: undefined, brain: { kind: undefined, upstream: undefined },
        turnDetection: { type: 'server_vad', silence_duration_ms: 500, create_response: true }, transcription: undefined, noiseReduction: null, speed: 1, maxOutputTokens: 'inf', free: {},
      },
    })
  })

  it('says everything that a session takes', () => {
    const text = `
name: { en: Tutor, ja: 先生 }
description: Practise.
languages: [en, ja]
brain: azure
upstream: { base_url: https://res.openai.azure.com/openai/v1, key_from: SCHOOL_KEY, auth: bearer }
model: my-deployment
voice: cedar
instructions: Teach.
greeting: Say hello.
turn_taking: { type: semantic_vad, eagerness: low, interrupt_response: false }
transcription: none
noise_reduction: far_field
reasoning: high
max_output_tokens: 800
speed: 0.9
limits: { max_call_minutes: 20, budget_usd: 0.5 }
free: { voice: [marin, cedar], speed: true, turn_taking: true, noise_reduction: true }`
    const read = readPersona('tutor.yaml', 'tutor', text)
    expect(read.ok && read.persona).toEqual({
      id: 'tutor', version: expect.stringMatching(/^[\w-]{16}$/), name: { en: 'Tutor', ja: '先生' }, description: { en: 'Practise.' }, languages: ['en', 'ja'],
      brain: { kind: 'azure', upstream: { baseUrl: new URL('https://res.openai.azure.com/openai/v1'), keyFrom: 'SCHOOL_KEY', keyAs: 'bearer', model: 'my-deployment' } },
      model: 'my-deployment', voice: 'cedar', instructions: 'Teach.', greeting: 'Say hello.',
      turnDetection: { type: 'semantic_vad', eagerness: 'low', create_response: true, interrupt_response: false },
      transcription: null, noiseReduction: { type: 'far_field' }, reasoning: 'high', maxOutputTokens: 800, speed: 0.9,
      limits: { maxCallMinutes: 20, budgetUsd: 0.5 }, free: { voice: ['marin', 'cedar'], speed: true, turnDetection: true, noiseReduction: true },
    })
  })

  it('has another version when anything in it changes', () => {
    const versions = [head, `${head}speed: 1\n`].map(text => readPersona('a.yaml', 'a', text)).map(read => read.ok && read.persona.version)
    expect(new Set(versions).size).toBe(2)
  })

  it('may leave turns to the talker', () => {
    const read = readPersona('a.yaml', 'a', `${head}turn_taking: { type: none }\n`)
    expect(read.ok && read.persona.turnDetection).toBeNull()
  })

  it.each([
    ['', 'tutor.yaml, line 1, column 1: The file has to hold fields, such as `name: …`.'],
    ['- a', 'tutor.yaml, line 1, column 1: The file has to hold fields, such as `name: …`.'],
    ['name: A\n', 'tutor.yaml, line 1, column 1: `instructions` is missing; it takes a text of at most 32000 characters.'],
    ['name:\ninstructions: b', 'tutor.yaml, line 1, column 1: `name` is empty; it takes a text of at most 60 characters, or one each for `en` and `ja`.'],
    [`${head}tools: []`, 'tutor.yaml, line 3, column 1: `tools` is not a field: tools are not in this version; leave it out.'],
    [`${head}api_key: sk-secret`, 'tutor.yaml, line 3, column 1: `api_key` is not a field: keys stay in the environment; name the variable in `upstream.key_from`.'],
    [`${head}speed: 3`, 'tutor.yaml, line 3, column 1: `speed` is 3; it takes a number from 0.25 to 1.5.'],
    [`${head}speed: fast`, 'tutor.yaml, line 3, column 1: `speed` is "fast"; it takes a number from 0.25 to 1.5.'],
    [`${head}brain: claude`, 'tutor.yaml, line 3, column 1: `brain` is "claude"; it takes `local`, `openai` or `azure`.'],
    [`${head}languages: en`, 'tutor.yaml, line 3, column 1: `languages` is "en"; it takes a list of at most 10 ISO 639-1 codes such as [en, ja].'],
    [`${head}turn_taking: server_vad`, 'tutor.yaml, line 3, column 1: `turn_taking` has to hold fields, such as `type: …`.'],
    [`${head}turn_taking:\n  type: vad`, 'tutor.yaml, line 4, column 3: `turn_taking.type` has to be one of `type: server_vad`, `type: semantic_vad` or `type: none`.'],
    [`${head}turn_taking:\n  type: semantic_vad\n  threshold: 0.5`, 'tutor.yaml, line 5, column 3: `turn_taking.threshold` is not a field: the fields here are `type`, `eagerness`, `create_response`, `interrupt_response`.'],
    [`${head}turn_taking:\n  type: server_vad\n  silence_duration_ms: -1`, 'tutor.yaml, line 5, column 3: `turn_taking.silence_duration_ms` is -1; it takes a whole number of milliseconds from 0 to 10000.'],
    [`${head}max_output_tokens: 5000`, 'tutor.yaml, line 3, column 1: `max_output_tokens` is 5000; it takes a whole number from 1 to 4096, or `inf`.'],
    [`${head}limits:\n  budget_usd: 0`, 'tutor.yaml, line 4, column 3: `limits.budget_usd` is 0; it takes an amount in US dollars, more than 0.'],
    [`${head}free:\n  speed: false`, 'tutor.yaml, line 4, column 3: `free.speed` is false; it takes `true`.'],
    [`${head}model: m\nupstream:\n  base_url: https://me:pw@host/v1`, 'tutor.yaml, line 5, column 3: `upstream.base_url` is not usable (its value is not shown); it takes an http or https address such as https://api.example.org/v1, without a key in it.'],
    [`${head}model: m\nupstream: { base_url: https://host/v1, key_from: sk-proj-1 }`, 'tutor.yaml, line 4, column 40: `upstream.key_from` is not usable (its value is not shown); it takes the name of an environment variable that holds the key.'],
    [`${head}upstream: { base_url: https://host/v1 }`, 'tutor.yaml, line 1, column 1: `model` is missing; an `upstream` needs the name of a model that it has (on Azure, the deployment\'s).'],
    [`${head}brain: local\nmodel: m\nupstream: { base_url: https://host/v1 }`, 'tutor.yaml, line 5, column 1: `upstream` can\'t be there with `brain: local`; leave one of them out.'],
    ['name: A\nname: B\n', 'tutor.yaml, line 2, column 1: This is not YAML: Map keys must be unique.'],
    ['name: A\n---\nname: B\n', 'tutor.yaml, line 2, column 1: This is not YAML: Source contains multiple documents; please use YAML.parseAllDocuments().'],
    ['name:\n\tx: 1\n', 'tutor.yaml, line 2, column 1: This is not YAML: Tabs are not allowed as indentation.'],
    [`${head}voice: &v marin`, 'tutor.yaml, line 3, column 11: Anchors (`&name`) are not taken here; leave it out.'],
    [`${head}voice: *v`, 'tutor.yaml, line 3, column 8: Aliases (`*name`) are not taken here; write the value out.'],
    [`${head}voice: !!binary aGk=`, 'tutor.yaml, line 3, column 17: Tags (`!name`) are not taken here; leave it out.'],
    [`${head}voice: !env OPENAI_API_KEY`, 'tutor.yaml, line 3, column 13: Tags (`!name`) are not taken here; leave it out.'],
    [`${head}<<: { voice: marin }`, 'tutor.yaml, line 3, column 1: Merge keys (`<<`) are not taken here; write the fields out.'],
    [`${head}__proto__: { voice: marin }`, 'tutor.yaml, line 3, column 1: `__proto__` is not a field of a persona.'],
  ])('%j is refused with its place and the remedy', (text, sentence) => { expect(complaints(text)).toEqual([sentence]) })

  it('tells all that is wrong at once, from the top', () => {
    expect(complaints('name: 5\ninstructions: b\nvoce: x\nspeed: 9\n').map(sentence => /line (\d+)/.exec(sentence)![1])).toEqual(['1', '3', '4'])
  })

  it.each(['constructor', 'prototype', 'toString', 'hasOwnProperty'])('%s is a field like any other that isn\'t there', name => {
    expect(complaints(`${head}${name}: 1`)[0]).toContain(`\`${name}\` is not a field`)
  })
})

describe('hostile YAML', () => {
  const full = (piece: string) => piece.repeat(MAX_FILE_BYTES / piece.length)
  it.each([
    ['lists in lists', full('[')], ['lists in lists, as lines', full('- ')], ['keys in keys', full('? ')], ['maps in maps', full('{a: ')], ['tags', full('!!a ')], ['anchors', full('&a ')],
    ['quotes', full('"')], ['ever deeper', Array.from({ length: 300 }, (_, n) => `${' '.repeat(n)}a:\n`).join('')], ['the same key', full('a: 1\n')], ['many keys at once', Array.from({ length: 500 }, (_, n) => `k${n}: 1`).join('\n')], ['many keys', Array.from({ length: 7000 }, (_, n) => `k${n}: 1`).join('\n')],
    ['a billion laughs', 'a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nd: [*c, *c]\n'],
  ])('%s: refused in words, in well under the time that anybody notices', (_what, text) => {
    const startedAt = performance.now()
    expect(complaints(text).length).toBeGreaterThan(0)
    expect(performance.now() - startedAt).toBeLessThan(3000)
  })

  it.each([
    ['nested a thousandfold', full('- '), 'It is nested deeper than 16 levels.'], ['nested in one line', full('['), 'It is nested deeper than 16 levels.'],
    ['long beyond use', Array.from({ length: 7000 }, (_, n) => `k${n}: 1`).join('\n'), 'It has more than 2000 parts.'],
  ])('%s, it never gets to the parser', (_what, text, sentence) => { expect(complaints(text)).toEqual([`tutor.yaml, line 1, column 1: ${sentence}`]) })

  it('is never thrown at, whatever the text is, and says a line that the file has', () => {
    const piece = fc.oneof(fc.constantFrom('name: ', 'instructions: ', '\n', '  ', '- ', '{', '}', '[', ']', '&a', '*a', '!t ', '"', '|\n', '? ', ': ', '#', '---\n', '%', '\t', '\0', '__proto__'), fc.string({ maxLength: 8 }))
    fc.assert(fc.property(fc.array(piece, { maxLength: 30 }), pieces => {
      const text = pieces.join('')
      const read = readPersona('x.yaml', 'x', text)
      for (const { line, column } of read.ok ? [] : read.faults) expect(line >= 1 && column >= 1 && line <= text.split(/\n/).length + 1).toBe(true)
    }), { numRuns: 500 })
  })
})

describe('the built-in personas', () => {
  const files = readdirSync('personas')

  it('are six', () => { expect(files.sort()).toEqual(['debate-partner.yaml', 'default.yaml', 'explainer.yaml', 'interviewer.yaml', 'language-tutor.yaml', 'storyteller.yaml']) })

  it.each(files)('%s can be read, speaks of itself in both languages, and is short enough to be heard', file => {
    const read = readPersona(file, file.replace('.yaml', ''), readFileSync(`personas/${file}`, 'utf8'))
    expect(read.ok || read.faults).toBe(true)
    if (!read.ok) return
    expect(read.persona.description.ja).toBeTruthy()
    expect(read.persona.instructions.length).toBeLessThan(2000)
  })
})
