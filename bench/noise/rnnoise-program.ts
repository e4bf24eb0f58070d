import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { RnnoiseExports, RnnoiseImports } from '@kaiwa/audio'

/** RNNoise as browsers get it, run by Node. */
export function loadRnnoise(simd = true): (imports: RnnoiseImports) => RnnoiseExports {
  const program = new WebAssembly.Module(readFileSync(fileURLToPath(import.meta.resolve(`@sapphi-red/web-noise-suppressor/rnnoise${simd ? '_simd' : ''}.wasm`))))
  return imports => new WebAssembly.Instance(program, { ...imports }).exports as unknown as RnnoiseExports
}
