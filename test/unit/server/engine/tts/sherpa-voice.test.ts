import { beforeEach, expect, test, vi } from 'vitest'
import { StageError } from '@kaiwa/engine'
import { createSherpaSynthesizer } from '../../../../../server/engine/tts/sherpa-synthesizer.ts'
import { loadSherpaVoice } from '../../../../../server/engine/tts/sherpa-voice.ts'
import type { VoicePack } from '../../../../../server/engine/tts/voice-packs.ts'
import type { SherpaVoiceOperations } from '../../../../../server/engine/workers/voice-operations.ts'
import type { WorkerHost } from '../../../../../server/engine/workers/worker-host.ts'

const library = vi.hoisted(() => ({ asked: [] as unknown[], config: undefined as unknown, fails: false }))
vi.mock('sherpa-onnx-node', () => ({
  default: undefined,
  OfflineTts: class {
    numSpeakers = 11
    sampleRate = 24_000
    constructor(config: unknown) {
      if (library.fails) throw new Error('Please check your config!')
      library.config = config
    }

    generate(request: unknown) {
      library.asked.push(request)
      return { samples: Float32Array.from({ length: 4_800 }, (_, index) => 0.01 * Math.sin(index / 9)), sampleRate: 24_000 }
    }
  },
}))

const pack: VoicePack = { kind: 'kokoro', name: 'kokoro-en-v0_19', model: 'model.onnx', tokens: 'tokens.txt', dataDir: 'espeak-ng-data', voices: 'voices.bin', lexicons: [], ruleFsts: [] }

beforeEach(() => Object.assign(library, { asked: [], config: undefined, fails: false }))

/** The worker's operations without a worker. */
async function voice() {
  const operations = await loadSherpaVoice(pack)
  library.asked = []
  const host = { call: async (name: 'speak' | 'describe', request: never) => operations[name](request) } as unknown as WorkerHost<SherpaVoiceOperations>
  const { sampleRate } = await host.call('describe', null)
  return createSherpaSynthesizer(host, sampleRate)
}

const request = { text: 'Hello there. How are you?', voice: 'cedar', speed: 1.2, signal: new AbortController().signal }

test('speaks sentence by sentence, with the speaker that the session\'s voice stands for, at its speed and an even level', async () => {
  const synthesizer = await voice()
  expect(synthesizer.sampleRate).toBe(24_000)
  const peaks: number[] = []
  for await (const clip of synthesizer.synthesize(request)) peaks.push(Math.max(...clip.map(Math.abs)))
  expect(library.asked).toEqual(['Hello there.', 'How are you?'].map(text => ({ text, sid: 6, speed: 1.2, enableExternalBuffer: false })))
  // Three times as loud: that is as far as a quiet voice is lifted.
  for (const peak of peaks) expect(peak).toBeCloseTo(0.03, 2)
})

test('says nothing after an abort, and nothing of what has no word', async () => {
  const synthesizer = await voice()
  const abort = new AbortController()
  let clips = 0
  for await (const clip of synthesizer.synthesize({ ...request, signal: abort.signal })) {
    expect(clip.length).toBeGreaterThan(0)
    clips++
    abort.abort()
  }
  for await (const _ of synthesizer.synthesize({ ...request, text: '… 👍' })) clips++
  expect(clips).toBe(1)
})

test('a speed out of bounds is brought within', async () => {
  const synthesizer = await voice()
  for await (const _ of synthesizer.synthesize({ ...request, text: 'Hi.', speed: 9 }));
  expect(library.asked).toMatchObject([{ speed: 1.5 }])
})

test('a pack that the library refuses is named', async () => {
  library.fails = true
  await expect(loadSherpaVoice(pack)).rejects.toThrow('sherpa-onnx refused the kokoro voice kokoro-en-v0_19 (Please check your config!)')
})

test('what the worker can\'t do is the stage\'s fault', async () => {
  const host = { call: () => Promise.reject(new StageError('tts', 'The tts worker ended.')) } as unknown as WorkerHost<SherpaVoiceOperations>
  const clips = createSherpaSynthesizer(host, 24_000).synthesize(request)[Symbol.asyncIterator]()
  await expect(clips.next()).rejects.toThrow('The tts worker ended.')
})
