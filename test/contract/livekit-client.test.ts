import { fork } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { createEngine, createOfflineResponder } from '@kaiwa/engine'
import { expect, it } from 'vitest'
import { createCountedIds, realClock } from '../fakes/engine-options.ts'
import { createFakeStages } from '../fakes/fake-stages.ts'
import { startServer } from '../fakes/running-server.ts'
import type { WireEvent } from './contract-client.ts'
import { brokenLaws } from './wire-laws.ts'

/** LiveKit's realtime model, unchanged, in a process of its own, to the embedded engine behind the real door. */

const folder = fileURLToPath(new URL('../clients/livekit/', import.meta.url))
const installed = existsSync(`${folder}node_modules/@livekit/agents-plugin-openai`)
const howTo = installed ? '' : ' (not installed: npm install --prefix test/clients/livekit)'

interface Talk { name: string, events: WireEvent[] }

/** Runs the script to its end; what it printed, how it ended, and the events of each of its sessions. */
async function talk(baseURL: string) {
  const child = fork(`${folder}talk.mjs`, { cwd: folder, env: { ...process.env, REALTIME_URL: baseURL }, execArgv: [], silent: true, timeout: 150_000 })
  const talks: Talk[] = []
  let printed = ''
  child.on('message', message => talks.push(message as Talk))
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', piece => { printed += piece })
  const code = await new Promise(resolve => child.on('close', resolve))
  return { code, printed, talks }
}

it.runIf(installed)(`@livekit/agents-plugin-openai talks, calls, interrupts, rewrites and comes back${howTo}`, async () => {
  const responder = createOfflineResponder({ now: () => new Date('2026-03-03T15:05:00Z'), timeZone: 'UTC', random: () => 0, evaluate: async () => '84' })
  const engine = createEngine({ stages: createFakeStages({ responder }), clock: realClock, ids: createCountedIds() })
  const server = await startServer({ startEngine: async () => ({ engine, hearing: { able: true, by: 'fake stages' }, close: async () => undefined }) })
  try {
    const { code, printed, talks } = await talk(`ws://127.0.0.1:${server.port}/v1`)
    expect(printed).not.toContain('not ok')
    expect(printed).toMatch(/^ok /m)
    expect(code).toBe(0)
    // A session that reconnects is several sessions to the server, each with laws of its own.
    for (const { name, events } of talks) {
      const starts = events.flatMap(({ type }, index) => type === 'session.created' ? [index] : [])
      for (const [turn, from] of starts.entries()) expect(brokenLaws(events.slice(from, starts[turn + 1])), name).toEqual([])
    }
  } finally { await server.close() }
}, 180_000)
