import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, vi } from 'vitest'
import { openNoiseNode } from '../../../app/voice/noise-node.ts'
import type { NoiseReport } from '../../../app/worklets/noise.worklet.ts'

const program = readFileSync(fileURLToPath(import.meta.resolve('@sapphi-red/web-noise-suppressor/rnnoise.wasm')))

function setup({ answer = new Response(program), addModule = () => Promise.resolve() }: { answer?: Response, addModule?: () => Promise<void> } = {}) {
  const port = { onmessage: undefined as ((event: { data: NoiseReport }) => void) | undefined | null, postMessage: vi.fn() }
  const node = Object.assign(new EventTarget(), { port })
  const made: AudioWorkletNodeOptions[] = []
  const fetched: string[] = []
  const failures: string[] = []
  let runOut = () => {}
  const environment = {
    onFailed: (why: string) => failures.push(why),
    workletUrl: '/noise.js',
    programUrl: '/rnnoise.wasm',
    fetch: (url: string) => { fetched.push(url); return Promise.resolve(answer) },
    createNode: (_context: AudioContext, _name: string, options: AudioWorkletNodeOptions) => { made.push(options); return node as unknown as AudioWorkletNode },
    setTimer: (callback: () => void) => { runOut = callback; return () => {} },
  }
  const context = { audioWorklet: { addModule } } as unknown as AudioContext
  const whenMade = () => vi.waitFor(() => expect(port.onmessage).toBeTypeOf('function'))
  return { context, environment, node, port, made, fetched, failures, whenMade, runOut: () => runOut() }
}

describe('the noise node', () => {
  it('is there once its processor works, says how late it is, and ends when told', async () => {
    const { context, environment, port, made, fetched, whenMade } = setup()
    const opening = openNoiseNode(context, 'rnnoise', environment)
    await whenMade()
    port.onmessage!({ data: { type: 'ready', delayMs: 20 } })
    const opened = await opening
    expect(opened?.delayMs).toBe(20)
    expect(fetched).toEqual(['/rnnoise.wasm'])
    expect(made[0]?.processorOptions.program).toBeInstanceOf(WebAssembly.Module)
    opened!.destroy()
    expect(port.postMessage).toHaveBeenCalledOnce()
  })

  it.each(['browser', 'off'] as const)('loads nothing for the filter "%s"', async filter => {
    const { context, environment, fetched, failures } = setup()
    expect(await openNoiseNode(context, filter, environment)).toBeUndefined()
    expect([...fetched, ...failures]).toEqual([])
  })

  it.each([
    ['its program is not there', { answer: new Response('', { status: 404 }) }, /404/],
    ['its program is something else', { answer: new Response('<!doctype html>') }, /magic|wasm/i],
    ['its worklet does not load', { addModule: () => Promise.reject(new Error('no module')) }, /no module/],
  ])('is not there, with a reason, when %s', async (_, trouble, why) => {
    const { context, environment, failures } = setup(trouble)
    expect(await openNoiseNode(context, 'rnnoise', environment)).toBeUndefined()
    expect(failures).toHaveLength(1)
    expect(failures[0]).toMatch(why)
  })

  it.each<[string, (parts: ReturnType<typeof setup>) => void]>([
    ['says that it can\'t work', ({ port }) => port.onmessage!({ data: { type: 'failed', why: 'no memory' } })],
    ['can\'t be made', ({ node }) => node.dispatchEvent(new Event('processorerror'))],
    ['never answers', ({ runOut }) => runOut()],
  ])('is not there, and holds nothing, when its processor %s', async (_, happen) => {
    const parts = setup()
    const opening = openNoiseNode(parts.context, 'rnnoise', parts.environment)
    await parts.whenMade()
    happen(parts)
    expect(await opening).toBeUndefined()
    expect(parts.failures).toHaveLength(1)
    expect(parts.port.postMessage).toHaveBeenCalledOnce()
  })
})
