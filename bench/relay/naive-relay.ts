import { rmSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, createNitro, prepare } from 'nitropack'

/** Builds `naive/` with Nitro, as such a project would be; resolves with its entry. The folder is removed when the bench ends. */
export async function buildNaiveRelay(): Promise<string> {
  const outDir = await mkdtemp(join(tmpdir(), 'kaiwa-bench-naive-'))
  process.once('exit', () => rmSync(outDir, { recursive: true, force: true }))
  const nitro = await createNitro({
    rootDir: fileURLToPath(new URL('naive', import.meta.url)), preset: 'node-server', logLevel: 1, compatibilityDate: '2026-11-01',
    buildDir: join(outDir, 'build'), output: { dir: join(outDir, 'output') }, scanDirs: [], experimental: { websocket: true }, sourceMap: false,
    typescript: { generateTsConfig: false },
  })
  await prepare(nitro)
  await build(nitro)
  await nitro.close()
  return join(outDir, 'output/server/index.mjs')
}
