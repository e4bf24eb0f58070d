import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { findSherpaPack } from '../../../../../server/engine/stt/sherpa-packs.ts'
import { speakerFor } from '../../../../../server/engine/tts/speakers.ts'
import { findVoicePack, voiceConfig } from '../../../../../server/engine/tts/voice-packs.ts'
import { fliteVoices } from '../../../../../server/engine/tts/voices.ts'

let models: string
beforeEach(() => { models = mkdtempSync(join(tmpdir(), 'kaiwa-voices-')) })
afterEach(() => rmSync(models, { recursive: true, force: true }))

/** The smallest whole ONNX file: a version, and a graph of two bytes. */
const onnx = new Uint8Array([0x08, 0x08, 0x3a, 0x02, 0x12, 0x00])
const espeak = ['phontab', 'phonindex', 'phondata', 'intonations'].map(name => `espeak-ng-data/${name}`)

function put(folder: string, files: string[]) {
  for (const file of files) {
    const path = join(models, folder, file)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, file.endsWith('.onnx') ? onnx : 'a 1\n')
  }
}

const layouts = {
  'vits-piper-en_US-amy-low': { kind: 'piper', files: ['en_US-amy-low.onnx', 'en_US-amy-low.onnx.json', 'tokens.txt', 'MODEL_CARD', ...espeak] },
  'kokoro-en-v0_19': { kind: 'kokoro', files: ['model.onnx', 'voices.bin', 'tokens.txt', 'LICENSE', ...espeak] },
  'kokoro-int8-multi-lang-v1_0': {
    kind: 'kokoro',
    files: ['model.int8.onnx', 'voices.bin', 'tokens.txt', 'lexicon-gb-en.txt', 'lexicon-us-en.txt', 'lexicon-zh.txt', 'date-zh.fst', 'number-zh.fst', 'phone-zh.fst', 'dict/jieba.dict.utf8', ...espeak],
  },
} as const

test.each(Object.entries(layouts))('the published pack %s is known by its files, and no recogniser takes it for one', (name, { kind, files }) => {
  put(name, [...files])
  expect(findVoicePack(models)).toMatchObject({ found: true, pack: { kind, name } })
  expect(findSherpaPack(models)).toMatchObject({ found: false, absent: true })
})

const needed = Object.entries(layouts).flatMap(([name, { files }]) => files.filter(file => !/MODEL_CARD|LICENSE|dict\/|\.json|lexicon|fst/.test(file)).map(file => [name, file] as const))

test.each(needed)('%s without %s is refused by name, and so is one where it is empty', (name, file) => {
  const { files } = layouts[name as keyof typeof layouts]
  put(name, files.filter(other => other !== file))
  const base = file.split('/').at(-1)!
  expect(findVoicePack(models)).toMatchObject({ found: false, absent: false, why: expect.stringMatching(/onnx$/.test(file) ? /onnx is missing/ : new RegExp(`${base} is missing`)) })
  put(name, [...files])
  writeFileSync(join(models, name, file), '')
  expect(findVoicePack(models)).toMatchObject({ found: false, why: expect.stringContaining(`${name} is unusable: ${base} is empty`) })
})

test('a model that is cut off is refused', () => {
  const name = 'vits-piper-en_US-amy-low'
  put(name, [...layouts[name].files])
  writeFileSync(join(models, name, 'en_US-amy-low.onnx'), new Uint8Array([0x08, 0x08, 0x3a, 0xff, 0x7f, 0x00]))
  expect(findVoicePack(models)).toMatchObject({ found: false, why: expect.stringContaining('en_US-amy-low.onnx is cut off') })
})

test('an empty folder, a recogniser, another kind of voice and a download under way are no voice', () => {
  put('sherpa-onnx-sense-voice-zh-en-ja-ko-yue-2024-07-17', ['model.int8.onnx', 'tokens.txt'])
  put('kitten-nano-en-v0_1-fp16', ['model.fp16.onnx', 'voices.bin', 'tokens.txt', ...espeak])
  put('.unpack-kokoro-en-v0_19/kokoro-en-v0_19', [...layouts['kokoro-en-v0_19'].files])
  expect(findVoicePack(models)).toEqual({ found: false, absent: true, why: `There is no voice in ${models}.` })
  expect(findVoicePack(join(models, 'nothing'))).toMatchObject({ found: false, absent: true })
})

test('Piper is preferred for its pace; a broken one is passed over', () => {
  put('kokoro-en-v0_19', [...layouts['kokoro-en-v0_19'].files])
  put('vits-piper-en_US-amy-low', [...layouts['vits-piper-en_US-amy-low'].files])
  expect(findVoicePack(models)).toMatchObject({ pack: { kind: 'piper' } })
  rmSync(join(models, 'vits-piper-en_US-amy-low/tokens.txt'))
  expect(findVoicePack(models)).toMatchObject({ pack: { kind: 'kokoro' } })
})

test('a pack of several languages is loaded with American English first, Chinese, and its rules for numbers', () => {
  const name = 'kokoro-int8-multi-lang-v1_0'
  put(name, [...layouts[name].files])
  const search = findVoicePack(models)
  if (!search.found) throw new Error(search.why)
  const at = (file: string) => join(models, name, file)
  expect(voiceConfig(search.pack)).toMatchObject({
    model: { kokoro: { model: at('model.int8.onnx'), voices: at('voices.bin'), dataDir: at('espeak-ng-data'), lexicon: `${at('lexicon-us-en.txt')},${at('lexicon-zh.txt')}` } },
    ruleFsts: [at('date-zh.fst'), at('number-zh.fst'), at('phone-zh.fst')].join(','),
  })
})

test.each([11, 53, 103])('with %i speakers the protocol\'s voices are ten different ones', speakers => {
  const numbers = Object.keys(fliteVoices).map(name => speakerFor(name, speakers))
  expect(new Set(numbers).size).toBe(10)
  expect(Math.max(...numbers)).toBeLessThan(speakers)
})

test('one speaker speaks for all; a number is that speaker; an unknown name sounds like the default', () => {
  expect(Object.keys(fliteVoices).map(name => speakerFor(name, 1))).toEqual(Array.from({ length: 10 }, () => 0))
  expect(speakerFor('7', 11)).toBe(7)
  expect(speakerFor('11', 11)).toBe(speakerFor('marin', 11))
  expect(speakerFor('toString', 904)).toBe(0)
})
