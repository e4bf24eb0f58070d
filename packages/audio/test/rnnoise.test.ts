import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { createRnnoise, type RnnoiseExports, type RnnoiseImports } from '../src/rnnoise.ts'
import { levelDb, tone } from './tone.ts'

function load(file: string): (imports: RnnoiseImports) => RnnoiseExports {
  const program = new WebAssembly.Module(readFileSync(fileURLToPath(import.meta.resolve(`@sapphi-red/web-noise-suppressor/${file}`))))
  return imports => new WebAssembly.Instance(program, { ...imports }).exports as unknown as RnnoiseExports
}

/** A dull rush, the same in every run. */
function rush(length: number): Float32Array {
  let state = 1
  let low = 0
  return Float32Array.from({ length }, () => {
    state = Math.imul(state, 1_664_525) + 1_013_904_223 | 0
    return low += 0.05 * (state / 2 ** 31 - low)
  })
}

function denoised(program: ReturnType<typeof load>, samples: Float32Array): Float32Array {
  const denoiser = createRnnoise(program)
  const output = samples.slice()
  for (let at = 0; at + 480 <= output.length; at += 480) denoiser.process(output.subarray(at, at + 480))
  denoiser.close()
  return output
}

describe.each(['rnnoise.wasm', 'rnnoise_simd.wasm'])('RNNoise (%s)', file => {
  it('takes out steady noise', () => {
    const noise = rush(48_000 * 2)
    expect(levelDb(denoised(load(file), noise).subarray(48_000))).toBeLessThan(levelDb(noise) - 20)
  })

  it('leaves silence silent', () => {
    expect(levelDb(denoised(load(file), new Float32Array(48_000)))).toBeLessThan(-90)
  })

  it('gives its memory back when it is closed, once', () => {
    let program: RnnoiseExports | undefined
    const freed: number[] = []
    const denoiser = createRnnoise(imports => {
      const loaded = load(file)(imports)
      program = { ...loaded, rnnoise_destroy(state) { freed.push(state); loaded.rnnoise_destroy(state) } }
      return program
    })
    const next = program!.malloc(16)
    program!.free(next)
    denoiser.close()
    denoiser.close()
    expect(freed).toHaveLength(1)
    expect(program!.malloc(16)).toBeLessThan(next)
  })

  it('does nothing once it is closed', () => {
    const denoiser = createRnnoise(load(file))
    denoiser.close()
    const frame = tone(200, 48_000, 480)
    denoiser.process(frame)
    expect(frame).toEqual(tone(200, 48_000, 480))
  })
})

it('refuses a program that is something else', () => {
  expect(() => createRnnoise(imports => ({ ...load('rnnoise.wasm')(imports), rnnoise_get_frame_size: () => 512 }))).toThrow('512')
})
