import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { StageError, type Responder } from '@kaiwa/engine'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createNodeStages, type NodeStages, type NodeStagesOptions } from '../../server/engine/stages.ts'
import { findPocketsphinx } from '../../server/engine/stt/pocketsphinx-files.ts'

const speech = new URL('../fixtures/speech/', import.meta.url)
const engine = new URL('../../server/engine/', import.meta.url)
const transcripts = Object.fromEntries(readFileSync(new URL('transcripts.tsv', speech), 'utf8').trim().split('\n').slice(1).map(line => line.split('\t') as [string, string]))

const silentResponder: Responder = { async* respond() {} }
const base: NodeStagesOptions = {
  modelsDir: join(tmpdir(), 'kaiwa-no-models'),
  assetsDir: fileURLToPath(new URL('models', engine)),
  responder: silentResponder,
  workerUrls: { ears: new URL('workers/ears.worker.ts', engine), voice: new URL('workers/voice.worker.ts', engine) },
}

function wave(name: string): Float32Array {
  const bytes = readFileSync(new URL(name, speech))
  return Float32Array.from({ length: (bytes.length - 44) >> 1 }, (_, index) => bytes.readInt16LE(44 + index * 2) / 32_768)
}

function between(...parts: (Float32Array | number)[]): Float32Array {
  return Float32Array.from(parts.flatMap(part => [...typeof part === 'number' ? new Float32Array(part * 16) : part]))
}

/** Share of words wrong, as in speech recognition: insertions, deletions and substitutions over the words said. */
function wordErrorRate(said: string, heard: string): number {
  const reference = said.split(' ')
  const words = heard.split(' ').filter(Boolean)
  let row = Array.from({ length: words.length + 1 }, (_, j) => j)
  for (const [i, word] of reference.entries()) {
    const next = [i + 1]
    for (const [j, other] of words.entries()) next.push(Math.min(next[j]! + 1, row[j + 1]! + 1, row[j]! + (word === other ? 0 : 1)))
    row = next
  }
  return row.at(-1)! / reference.length
}

async function speak({ stages }: NodeStages, text: string, options: { voice?: string, speed?: number } = {}): Promise<Float32Array> {
  const pieces: Float32Array[] = []
  for await (const piece of stages.synthesizer.synthesize({ text, voice: 'marin', speed: 1, signal: new AbortController().signal, ...options })) pieces.push(piece)
  return between(...pieces)
}

async function transcribe({ stages }: NodeStages, samples: Float32Array, onPartial: (text: string) => void = () => {}) {
  const stream = stages.transcriber!.open({})
  stream.onPartial(onPartial)
  for (let at = 0; at < samples.length; at += 1_600) stream.write(samples.subarray(at, at + 1_600))
  return stream.finish()
}

let node: NodeStages
beforeAll(async () => {
  const search = findPocketsphinx()
  // No skip: without a recogniser the engine is deaf, and a green run would say nothing.
  if (!search.found) throw new Error(search.why)
  node = await createNodeStages(base)
})
afterAll(() => node?.close())

test('all stages are had, and the report says by what', () => {
  expect(node.report).toEqual({
    vad: { able: true, adapter: 'silero', by: 'Silero VAD v5', sentence: 'Speech is detected by Silero VAD v5.' },
    stt: { able: true, adapter: 'pocketsphinx', by: 'PocketSphinx (English)', sentence: 'Speech is understood by PocketSphinx (English).' },
    tts: { able: true, adapter: 'flite', by: 'Flite (English)', sentence: 'Answers are spoken by Flite (English).' },
  })
})

describe('hearing that somebody speaks', () => {
  test('speech is found where it is, to a tenth of a second', () => findsSpeech(node))

  test.each(['webrtc', 'energy'])('%s finds it, too, in a quiet room, and half a second later that it ended', async vad => {
    const other = await createNodeStages({ ...base, vad, stt: 'none' })
    expect(other.report.vad).toMatchObject({ able: true, adapter: vad })
    await findsSpeech(other, { latestEnd: 3.8 })
    await other.close()
  })

  async function findsSpeech({ stages }: NodeStages, { latestEnd = 3.3 } = {}) {
    const vad = await stages.openVad()
    const samples = between(1_000, wave('go-forward.wav'), 1_000)
    const size = vad.frameSamples
    const frames = Array.from({ length: Math.floor(samples.length / size) }, (_, index) => samples.slice(index * size, (index + 1) * size))
    const probabilities = await Promise.all(frames.map(frame => vad.process(frame)))
    vad.close()
    const at = (index: number) => index * vad.frameSamples / vad.sampleRate
    const first = at(probabilities.findIndex(p => p > 0.5))
    const last = at(probabilities.findLastIndex(p => p > 0.5) + 1)
    // The recording: half a second of room, then 1.5 s of speech.
    expect(first).toBeGreaterThan(1.35)
    expect(first).toBeLessThan(1.55)
    expect(last).toBeGreaterThan(2.9)
    expect(last).toBeLessThan(latestEnd)
  }

  test('a frame of the wrong length, and a closed listener, are the stage\'s faults', async () => {
    const vad = await node.stages.openVad()
    await expect(vad.process(new Float32Array(480))).rejects.toThrow('A frame has 512 samples, not 480.')
    vad.close()
    await expect(vad.process(new Float32Array(512))).rejects.toBeInstanceOf(StageError)
  })
})

describe('understanding', () => {
  const bounds: Record<string, number> = { 'go-forward.wav': 0.25, 'ill-disposed.wav': 0.63, 'cold-hearted.wav': 0.6, 'amiable.wav': 0.4 }

  test.each(Object.entries(transcripts))('%s is understood well enough', async (file, said) => {
    const partials: string[] = []
    const { text, confidence } = await transcribe(node, wave(file), partial => partials.push(partial))
    expect(wordErrorRate(said, text), `heard "${text}"`).toBeLessThanOrEqual(bounds[file]!)
    expect(confidence).toBeGreaterThan(0.2)
    expect(partials.length).toBeGreaterThan(0)
  })

  test('words come while the person still speaks', async () => {
    const stream = node.stages.transcriber!.open({})
    const firstWords = new Promise<string>(resolve => stream.onPartial(resolve))
    const samples = wave('amiable.wav')
    for (let at = 0; at < samples.length * 0.7; at += 1_600) stream.write(samples.subarray(at, at + 1_600))
    expect(await firstWords).not.toBe('')
    stream.cancel()
  })

  test('silence is no words, and after silence, a tone and noise people are understood as before', async () => {
    expect((await transcribe(node, new Float32Array(32_000))).text).toBe('')
    await transcribe(node, Float32Array.from({ length: 32_000 }, (_, i) => 0.1 * Math.sin(i * i * 12.9898)))
    await transcribe(node, Float32Array.from({ length: 32_000 }, (_, i) => 0.3 * Math.sin(i * 0.17)))
    const { text } = await transcribe(node, wave('go-forward.wav'))
    expect(wordErrorRate('go forward ten meters', text), `heard "${text}"`).toBeLessThanOrEqual(0.5)
  })

  test('several callers at once are all understood, by two decoders at most', async () => {
    const samples = wave('go-forward.wav')
    const heard = await Promise.all(Array.from({ length: 5 }, () => transcribe(node, samples)))
    for (const { text } of heard) expect(wordErrorRate('go forward ten meters', text), `heard "${text}"`).toBeLessThanOrEqual(0.5)
  })

  test('another language is refused with what would help', async () => {
    const stream = node.stages.transcriber!.open({ language: 'ja' })
    stream.write(new Float32Array(1_600))
    await expect(stream.finish()).rejects.toThrow(/hears en only.*"ja".*KAIWA_MODELS_DIR/)
  })
})

describe('speaking', () => {
  test('a sentence is audible, of a natural length, and free of clicks at both ends', async () => {
    const samples = await speak(node, 'Hello there, how can I help you today?')
    const seconds = samples.length / node.stages.synthesizer.sampleRate
    expect(seconds).toBeGreaterThan(1.5)
    expect(seconds).toBeLessThan(3.5)
    const level = Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length)
    expect(level).toBeGreaterThan(0.05)
    expect(Math.max(...samples.map(Math.abs))).toBeLessThanOrEqual(0.901)
    for (const edge of [samples[0]!, samples.at(-1)!]) expect(Math.abs(edge)).toBeLessThan(0.002)
  })

  test('what it says is understood back', async () => {
    const said = 'what is the weather like today'
    const { text } = await transcribe(node, between(300, await speak(node, said), 300))
    expect(wordErrorRate(said, text), `heard "${text}"`).toBeLessThanOrEqual(0.5)
  })

  test('the voices sound different, and each the same every time', async () => {
    const once = await Promise.all(['marin', 'cedar', 'coral', 'echo'].map(voice => speak(node, 'Good morning.', { voice })))
    const again = await speak(node, 'Good morning.', { voice: 'marin' })
    expect(again).toEqual(once[0])
    expect(new Set(once.map(samples => samples.slice(4_000, 4_200).join())).size).toBe(4)
  })

  test('speed is honoured', async () => {
    const text = 'This sentence takes its time.'
    const [slow, plain, fast] = await Promise.all([0.5, 1, 1.5].map(async speed => (await speak(node, text, { speed })).length))
    expect(slow! / plain!).toBeGreaterThan(1.6)
    expect(fast! / plain!).toBeLessThan(0.8)
  })

  test('sentences come one by one, and none after an abort', async () => {
    const abort = new AbortController()
    let pieces = 0
    for await (const piece of node.stages.synthesizer.synthesize({ text: 'One is here. Two is here. Three is here.', voice: 'marin', speed: 1, signal: abort.signal })) {
      expect(piece.length).toBeGreaterThan(0)
      if (++pieces === 2) abort.abort()
    }
    expect(pieces).toBe(2)
  })

  test('a text in Japanese is refused with the letters it can\'t say; a mixed one is spoken without them', async () => {
    await expect(speak(node, 'こんにちは')).rejects.toThrow(/can't say こ ん に ち は/)
    expect((await speak(node, 'The word is 会話, which means conversation.')).length).toBeGreaterThan(16_000)
    expect((await speak(node, '...')).length).toBe(0)
  })
})

describe('what is missing or broken', () => {
  let folder: string
  beforeAll(() => { folder = mkdtempSync(join(tmpdir(), 'kaiwa-stages-')) })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  /** The report alone. */
  async function reportOf(options: Partial<NodeStagesOptions>) {
    const tried = await createNodeStages({ ...base, ...options })
    await tried.close()
    return tried.report
  }

  test('a cut-off Silero model: WebRTC\'s detector takes its place, and the report says why', async () => {
    copyFileSync(join(base.assetsDir, 'silero_vad_v5.onnx'), join(folder, 'silero_vad_v5.onnx'))
    truncateSync(join(folder, 'silero_vad_v5.onnx'), 1_000_000)
    const { vad } = await reportOf({ assetsDir: folder, stt: 'none' })
    expect(vad).toMatchObject({ able: true, adapter: 'webrtc', sentence: expect.stringContaining('silero_vad_v5.onnx is unusable') })
  })

  test('no PocketSphinx and no model: deaf, with the remedy', async () => {
    const tried = await createNodeStages({ ...base, systemRoot: folder })
    expect(tried.stages.transcriber).toBeUndefined()
    expect(tried.report.stt).toMatchObject({ able: false, sentence: expect.stringMatching(/apt-get install libpocketsphinx3.*no speech model in/) })
    await tried.close()
  })

  test('recognition turned off', async () => {
    expect((await reportOf({ stt: 'none' })).stt).toMatchObject({ able: false, sentence: 'Speech recognition is turned off (KAIWA_STT=none).' })
  })

  test('sherpa asked for without a model, and a name nobody knows: PocketSphinx, and the report says so', async () => {
    expect((await reportOf({ stt: 'sherpa' })).stt).toMatchObject({ adapter: 'pocketsphinx', sentence: expect.stringContaining('There is no speech model in') })
    expect((await reportOf({ stt: 'vosk' })).stt).toMatchObject({ adapter: 'pocketsphinx', sentence: expect.stringContaining('KAIWA_STT is "vosk"; there are server, sherpa, pocketsphinx.') })
  })

  test('a sherpa pack whose files look whole but hold no model is refused by sherpa-onnx, and PocketSphinx takes its place', async () => {
    const models = join(folder, 'models')
    const pack = join(models, 'sherpa-onnx-streaming-zipformer-en')
    mkdirSync(pack, { recursive: true })
    for (const name of ['encoder', 'decoder', 'joiner']) writeFileSync(join(pack, `${name}-chunk-16.onnx`), new Uint8Array([0x08, 0x08, 0x3a, 0x02, 0x12, 0x00]))
    writeFileSync(join(pack, 'tokens.txt'), 'a 0\n')
    const { stt } = await reportOf({ modelsDir: models })
    expect(stt).toMatchObject({ adapter: 'pocketsphinx', sentence: expect.stringMatching(/sherpa-onnx can't load the streaming-transducer pack sherpa-onnx-streaming-zipformer-en/) })
  })

  test('a voice pack whose files look whole but hold no model is refused by sherpa-onnx, and Flite takes its place', async () => {
    const models = join(folder, 'voices')
    const pack = join(models, 'vits-piper-en_US-amy-low')
    mkdirSync(join(pack, 'espeak-ng-data'), { recursive: true })
    writeFileSync(join(pack, 'en_US-amy-low.onnx'), new Uint8Array([0x08, 0x08, 0x3a, 0x02, 0x12, 0x00]))
    for (const name of ['tokens.txt', 'en_US-amy-low.onnx.json', ...['phontab', 'phonindex', 'phondata', 'intonations'].map(name => `espeak-ng-data/${name}`)]) {
      writeFileSync(join(pack, name), 'a 0\n')
    }
    const { tts } = await reportOf({ modelsDir: models, stt: 'none' })
    expect(tts).toMatchObject({ adapter: 'flite', sentence: expect.stringMatching(/sherpa-onnx can't load the piper voice vits-piper-en_US-amy-low.*; get it again\./) })
    truncateSync(join(pack, 'en_US-amy-low.onnx'), 5)
    expect((await reportOf({ modelsDir: models, stt: 'none' })).tts).toMatchObject({ adapter: 'flite', sentence: expect.stringContaining('en_US-amy-low.onnx is cut off or no model; get it again') })
  })

  test('a voice asked for that isn\'t there, and a folder of models that is none', async () => {
    expect((await reportOf({ tts: 'sherpa', stt: 'none' })).tts).toMatchObject({ adapter: 'flite', sentence: expect.stringContaining('There is no voice in') })
    writeFileSync(join(folder, 'file'), '')
    expect(await reportOf({ modelsDir: join(folder, 'file') })).toMatchObject({ stt: { adapter: 'pocketsphinx' }, tts: { adapter: 'flite' } })
  })

  test('servers that are named are used, though they are away, and the report says so', async () => {
    const away = { url: new URL('http://127.0.0.1:1/v1'), model: 'm', key: 'sk-canary-1' }
    const tried = await createNodeStages({ ...base, sttServer: away, ttsServer: away })
    await tried.close()
    expect(tried.report.stt).toEqual({ able: true, adapter: 'server', by: 'the transcription server at http://127.0.0.1:1', sentence: expect.stringMatching(/^Speech is understood by the transcription server at http:\/\/127\.0\.0\.1:1 with m, which can't be reached now \(.+\)\.$/) })
    expect(tried.report.tts).toMatchObject({ able: true, adapter: 'server', by: 'the speech server at http://127.0.0.1:1' })
    await expect(speak(tried, 'Hello.')).rejects.toThrow('KAIWA_TTS_URL')
    const { stt, tts } = await reportOf({ sttServer: away, ttsServer: away, stt: 'pocketsphinx', tts: 'flite' })
    expect([stt, tts]).toMatchObject([{ adapter: 'pocketsphinx' }, { adapter: 'flite' }])
  })

  test('no Flite: answers fail with the reason, and the rest works', async () => {
    const tried = await createNodeStages({ ...base, stt: 'none', fliteWasm: join(folder, 'flite.wasm') })
    expect(tried.report.tts).toMatchObject({ able: false, sentence: expect.stringContaining('npm ci brings it') })
    await expect(speak(tried, 'Hello.')).rejects.toThrow('Answers can\'t be spoken.')
    await tried.close()
  })

  test('after closing, everything fails as a stage\'s fault instead of hanging', async () => {
    const tried = await createNodeStages(base)
    const vad = await tried.stages.openVad()
    await tried.close()
    await expect(vad.process(new Float32Array(512))).rejects.toBeInstanceOf(StageError)
    await expect(speak(tried, 'Hello.')).rejects.toBeInstanceOf(StageError)
    await expect(transcribe(tried, wave('go-forward.wav'))).rejects.toBeInstanceOf(StageError)
  })
})
