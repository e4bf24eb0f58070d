import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { findSherpaPack } from '../../../../../server/engine/stt/sherpa-packs.ts'

let models: string
beforeEach(() => { models = mkdtempSync(join(tmpdir(), 'kaiwa-models-')) })
afterEach(() => rmSync(models, { recursive: true, force: true }))

/** The smallest whole ONNX file: a version, and a graph of two bytes. */
const onnx = new Uint8Array([0x08, 0x08, 0x3a, 0x02, 0x12, 0x00])

function put(...paths: string[]) {
  for (const path of paths) {
    mkdirSync(dirname(join(models, path)), { recursive: true })
    writeFileSync(join(models, path), path.endsWith('.onnx') ? onnx : 'a 1\n')
  }
}

const layouts = {
  'streaming-transducer': ['sherpa-onnx-streaming-zipformer-en-2023-06-26/', 'encoder-epoch-99-avg-1-chunk-16-left-128.onnx', 'decoder-epoch-99-avg-1-chunk-16-left-128.onnx', 'joiner-epoch-99-avg-1-chunk-16-left-128.onnx', 'tokens.txt'],
  transducer: ['sherpa-onnx-nemo-parakeet-tdt-0.6b-v2-int8/', 'encoder.int8.onnx', 'decoder.int8.onnx', 'joiner.int8.onnx', 'tokens.txt'],
  whisper: ['sherpa-onnx-whisper-tiny.en/', 'tiny.en-encoder.onnx', 'tiny.en-decoder.onnx', 'tiny.en-tokens.txt'],
  moonshine: ['sherpa-onnx-moonshine-tiny-en-int8/', 'preprocess.onnx', 'encode.int8.onnx', 'uncached_decode.int8.onnx', 'cached_decode.int8.onnx', 'tokens.txt'],
  'sense-voice': ['sherpa-onnx-sense-voice-zh-en-ja-ko-yue-2024-07-17/', 'model.int8.onnx', 'tokens.txt'],
}

test.each(Object.entries(layouts))('a published %s pack is known by its files', (kind, [folder, ...files]) => {
  put(...files.map(file => folder + file))
  expect(findSherpaPack(models)).toMatchObject({ found: true, pack: { kind, name: folder!.slice(0, -1) } })
})

test.each(Object.entries(layouts))('a %s pack without its last file, or with an empty one, is refused by name', (_kind, [folder, ...files]) => {
  put(...files.slice(0, -1).map(file => folder + file))
  expect(findSherpaPack(models)).toMatchObject({ found: false, absent: false, why: expect.stringContaining('tokens.txt is missing') })
  put(...files.map(file => folder + file))
  writeFileSync(join(models, folder + files[0]!), '')
  expect(findSherpaPack(models)).toMatchObject({ found: false, why: expect.stringContaining(`${files[0]} is empty`) })
})

test('the 8-bit model is taken where both are there', () => {
  const folder = 'sherpa-onnx-streaming-zipformer-en/'
  put(...['encoder-chunk-16.onnx', 'encoder-chunk-16.int8.onnx', 'decoder-chunk-16.onnx', 'joiner-chunk-16.onnx', 'tokens.txt'].map(file => folder + file))
  expect(findSherpaPack(models)).toMatchObject({ pack: { encoder: join(models, folder, 'encoder-chunk-16.int8.onnx'), decoder: join(models, folder, 'decoder-chunk-16.onnx') } })
})

test('a cut-off download and a page of text in place of a model are refused', () => {
  const [folder, ...files] = layouts['sense-voice']
  put(...files.map(file => folder + file))
  writeFileSync(join(models, `${folder}model.int8.onnx`), new Uint8Array([0x08, 0x08, 0x3a, 0xff, 0x7f, 0x00]))
  expect(findSherpaPack(models)).toMatchObject({ found: false, why: expect.stringContaining('cut off') })
  writeFileSync(join(models, `${folder}model.int8.onnx`), '<!doctype html><title>404</title>')
  expect(findSherpaPack(models)).toMatchObject({ found: false, why: expect.stringContaining('no model') })
})

test('a streaming pack is preferred, and a broken one passed over', () => {
  for (const kind of ['whisper', 'streaming-transducer'] as const) put(...layouts[kind].slice(1).map(file => layouts[kind][0]! + file))
  expect(findSherpaPack(models)).toMatchObject({ pack: { kind: 'streaming-transducer' } })
  rmSync(join(models, layouts['streaming-transducer'][0]!, 'tokens.txt'))
  expect(findSherpaPack(models)).toMatchObject({ found: true, pack: { kind: 'whisper' } })
})

test('an empty folder and a missing one hold no model', () => {
  expect(findSherpaPack(models)).toMatchObject({ found: false, absent: true })
  expect(findSherpaPack(join(models, 'nowhere'))).toMatchObject({ found: false, absent: true })
})
