import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createNoiseFilter, createRnnoise, type RnnoiseExports } from '@kaiwa/audio'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { startKaiwa, type KaiwaServer } from '../fakes/kaiwa-server.ts'
import { until, untilState, visit, type Talker } from './talker.ts'

let server: KaiwaServer
let talker: Talker

beforeAll(async () => { server = await startKaiwa() })
afterEach(async () => { await talker?.leave() })
afterAll(async () => { await server?.stop() })

/** Addresses of the filter's program that the page asked for: what worklets ask for, a browser driver doesn't tell. */
function watchFilter({ page }: Talker): string[] {
  const asked: string[] = []
  page.on('request', request => { if (/rnnoise/.test(request.url())) asked.push(request.url()) })
  return asked
}

async function talk(settings: Record<string, unknown>) {
  talker = await visit(server.address, { says: { recording: 'go-forward', afterMs: 1500 }, settings })
  const asked = watchFilter(talker)
  await talker.button('Start talking').click()
  await untilState(talker, ['listening'])
  return asked
}

const workletAddress = () => `${server.address}/_nuxt/${readdirSync(join(process.cwd(), '.output/public/_nuxt')).find(file => file.startsWith('noise.worklet'))}`

/** A voice-like sound in a rush of noise, the same in every run. */
function noisyVoice(length: number): Float32Array {
  let state = 1
  return Float32Array.from({ length }, (_, i) => {
    state = Math.imul(state, 1_664_525) + 1_013_904_223 | 0
    const voice = [1, 2, 3, 4].reduce((sum, n) => sum + 0.1 / n * Math.sin(2 * Math.PI * 150 * n * i / 48_000), 0)
    return voice * Math.max(0, Math.sin(i / 9000)) + 0.02 * state / 2 ** 31
  })
}

describe('RNNoise in the page', () => {
  it('is fetched only when it is chosen', async () => {
    expect(await talk({})).toEqual([])
    expect(talker.complaints).toEqual([])
  })

  it('works under the page\'s content policy: the person is understood through it, and nobody complains', async () => {
    const asked = await talk({ noiseFilter: 'rnnoise' })
    await until('the words of the user', async () => /go forward/.test(await talker.turns('user').first().innerText().catch(() => '')), 30_000)
    expect(asked.map(url => new URL(url).host)).toEqual(asked.map(() => new URL(server.address).host))
    expect(asked).toHaveLength(1)
    expect(talker.complaints).toEqual([])
  })

  it('that can’t be fetched is said quietly, and the person is understood without it', async () => {
    talker = await visit(server.address, { says: { recording: 'go-forward', afterMs: 1500 }, settings: { noiseFilter: 'rnnoise' } })
    await talker.page.route(/rnnoise/, route => route.fulfill({ status: 404, body: '' }))
    await talker.button('Start talking').click()
    await talker.page.getByText('The chosen noise filter could not be loaded').waitFor()
    await until('the words of the user', async () => /go forward/.test(await talker.turns('user').first().innerText().catch(() => '')), 30_000)
    expect(await talker.page.getByRole('alert').count()).toBe(0)
  })

  it('gives in the browser the samples that it gives in Node', async () => {
    const asked = await talk({ noiseFilter: 'rnnoise' })
    await until('the filter', () => asked.length === 1)
    const voice = noisyVoice(48_000)
    const rendered = await talker.page.evaluate(async ({ samples, worklet, wasm }) => {
      const context = new OfflineAudioContext(1, samples.length, 48_000)
      await context.audioWorklet.addModule(worklet)
      const program = await WebAssembly.compile(await (await fetch(wasm)).arrayBuffer())
      const node = new AudioWorkletNode(context, 'kaiwa-noise', { outputChannelCount: [1], channelCount: 1, channelCountMode: 'explicit', processorOptions: { program } })
      const buffer = context.createBuffer(1, samples.length, 48_000)
      buffer.copyToChannel(Float32Array.from(samples), 0)
      const source = new AudioBufferSourceNode(context, { buffer })
      source.connect(node).connect(context.destination)
      source.start()
      return [...(await context.startRendering()).getChannelData(0)]
    }, { samples: [...voice], worklet: workletAddress(), wasm: asked[0]! })

    const program = new WebAssembly.Module(readFileSync(fileURLToPath(import.meta.resolve('@sapphi-red/web-noise-suppressor/rnnoise.wasm'))))
    const denoiser = createRnnoise(imports => new WebAssembly.Instance(program, { ...imports }).exports as unknown as RnnoiseExports)
    const filter = createNoiseFilter({ contextRate: 48_000 }, denoiser)
    const expected = new Float32Array(voice.length)
    for (let at = 0; at < voice.length; at += 128) filter.process(voice.subarray(at, at + 128), expected.subarray(at, at + 128))
    const differences = rendered.map((sample, i) => Math.abs(sample - expected[i]!))
    expect(Math.max(...expected)).toBeGreaterThan(0.05)
    expect(Math.max(...differences)).toBeLessThan(1e-5)
  })
})
