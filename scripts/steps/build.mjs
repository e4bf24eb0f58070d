// Builds the production server when there is none, or when a source has changed since.
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { projectEnv } from './install.mjs'
import { runStep } from './step.mjs'

const SOURCES = ['app', 'packages', 'public', 'server', 'shared', 'nuxt.config.ts', 'scripts/node-worker-files.ts', 'scripts/outside-packages.ts', 'package-lock.json', 'package.json']
const STAMP = '.output/kaiwa-sources.sha256'

function* files(path) {
  if (!existsSync(path)) return
  if (!statSync(path).isDirectory()) return yield path
  for (const name of readdirSync(path).sort()) {
    if (name !== 'node_modules' && name !== 'test') yield* files(join(path, name))
  }
}

function fingerprint() {
  const hash = createHash('sha256')
  for (const source of SOURCES) {
    for (const file of files(source)) hash.update(file).update('\0').update(readFileSync(file)).update('\0')
  }
  return hash.digest('hex')
}

export async function ensureBuilt() {
  const wanted = fingerprint()
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === wanted) return
  await runStep({
    label: 'Building',
    command: 'node',
    args: ['node_modules/nuxt/bin/nuxt.mjs', 'build'],
    env: projectEnv(),
    timeoutMs: 10 * 60_000,
    remedy: 'If you changed a source, the message above names the file. Otherwise delete node_modules and .output and run the command again.',
  })
  writeFileSync(STAMP, wanted)
}
