/** The engine's workers as the built server has them, for benchmarks. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'esbuild'

const workers = join(import.meta.dirname, '../server/engine/workers')

/** One JavaScript file for each worker, in `folder`. Run from TypeScript, each would hold a compiler, 30 MB. */
export async function bundleWorkers(folder: string): Promise<{ ears: URL, voice: URL }> {
  mkdirSync(folder, { recursive: true })
  const entryPoints = ['ears', 'voice'].map(name => join(workers, `${name}.worker.ts`))
  await build({ entryPoints, outdir: folder, bundle: true, platform: 'node', format: 'esm', packages: 'external', outExtension: { '.js': '.mjs' } })
  return { ears: pathToFileURL(join(folder, 'ears.worker.mjs')), voice: pathToFileURL(join(folder, 'voice.worker.mjs')) }
}
