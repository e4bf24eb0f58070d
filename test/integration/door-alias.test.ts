import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

/**
 * The door takes the place of an internal import of Nitro's entries. When one of these fails after an update, upgrades no longer
 * come to server/realtime/door.ts: find what the entries import now, and point the alias in nuxt.config.ts at it.
 */
describe.each(['_nitro/runtime/nitro-dev.mjs', 'node/runtime/node-server.mjs'])('Nitro\'s entry %s', file => {
  const entry = readFileSync(`node_modules/nitropack/dist/presets/${file}`, 'utf8')

  it('takes its adapter from where our alias stands', () => {
    expect(entry).toContain('import wsAdapter from "crossws/adapters/node"')
    expect(readFileSync('nuxt.config.ts', 'utf8')).toContain('\'crossws/adapters/node\': path(\'./server/realtime/door.ts\')')
  })

  it('hands every upgrade to the adapter\'s handleUpgrade', () => {
    expect(entry).toContain('const { handleUpgrade } = wsAdapter(')
    expect(entry).toMatch(/server\.on\("upgrade", (handleUpgrade|\(req, socket, head\))/)
  })

  it('is of the version that was looked at', () => {
    expect(JSON.parse(readFileSync('node_modules/nitropack/package.json', 'utf8'))).toMatchObject({ version: JSON.parse(readFileSync('package.json', 'utf8')).dependencies.nitropack })
  })
})

it('the production entry reads where to listen, and whether to shut down by itself, after its plugins have run', () => {
  const entry = readFileSync('node_modules/nitropack/dist/presets/node/runtime/node-server.mjs', 'utf8')
  expect(entry.indexOf('process.env.NITRO_PORT')).toBeGreaterThan(entry.indexOf('import { useNitroApp'))
  expect(entry).toContain('process.env.NITRO_HOST')
  expect(readFileSync('node_modules/nitropack/dist/runtime/internal/shutdown.mjs', 'utf8')).toContain('process.env.NITRO_SHUTDOWN_DISABLED')
})
