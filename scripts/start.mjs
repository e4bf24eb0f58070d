// `npm start`: everything it takes to talk, from a clone in which nothing is installed. Only Node's own modules here:
// this runs before anything else exists.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { ensureBuilt } from './steps/build.mjs'
import { engineAnswers, ensureHearing } from './steps/hearing.mjs'
import { ensureInstalled, projectEnv } from './steps/install.mjs'
import { serverFlags } from './steps/server-flags.mjs'
import { reportFailure, seconds, StepFailure } from './steps/step.mjs'

const READY_TIMEOUT_MS = 60_000
const startedMs = Date.now()

process.chdir(fileURLToPath(new URL('..', import.meta.url)))

async function prepare() {
  // Node 20.12 and newer; the server reads the file again by itself.
  if (existsSync('.env')) process.loadEnvFile?.('.env')
  const hearing = engineAnswers() ? ensureHearing() : Promise.resolve(undefined)
  await ensureInstalled({ withTools: false })
  await ensureBuilt()
  return await hearing
}

function serve() {
  const child = spawn('node', [...serverFlags, '.output/server/index.mjs'], { env: { ...projectEnv(), NODE_ENV: 'production' }, stdio: 'inherit', shell: process.platform === 'win32' })
  // It closes its calls and ends, and we end after it. Ctrl-C in a terminal reaches it twice, which is harmless.
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal))
  return child
}

/** Else another program's answers would be taken for ours. */
async function checkPort(host, port) {
  const probe = createServer().listen({ host, port })
  try {
    await once(probe, 'listening')
  } catch (error) {
    if (error.code !== 'EADDRINUSE' && error.code !== 'EACCES') return
    throw new StepFailure({
      what: `Port ${port} can't be had`,
      why: error.code === 'EACCES' ? 'ports below 1024 need a privilege on this system' : `another program listens on ${host}:${port}, perhaps Kaiwa itself`,
      remedy: 'Stop that program, or choose another port: PORT=3001 npm start',
    })
  } finally {
    probe.close()
  }
}

/** Waits until the server takes calls, or has ended. */
async function untilReady(child, address) {
  const deadlineMs = Date.now() + READY_TIMEOUT_MS
  while (Date.now() < deadlineMs) {
    if (child.exitCode !== null || child.signalCode !== null) return undefined
    const answer = await fetch(`${address}/readyz`, { signal: AbortSignal.timeout(2_000) }).catch(() => undefined)
    if (answer?.ok) return await answer.json()
    await new Promise(resolve => setTimeout(resolve, 100))
  }
  child.kill()
  throw new StepFailure({
    what: 'The server did not become ready within a minute',
    why: `no answer at ${address}/readyz`,
    remedy: 'Read the log lines above; is the machine very busy, or the port taken by another program?',
  })
}

function announce({ brain, model, hearing }, address, undone) {
  const who = brain === 'local' ? 'the embedded engine (no key, offline)' : `${brain === 'azure' ? 'Azure OpenAI' : 'OpenAI'}, ${model}`
  const lines = ['', `  Kaiwa   ${address}`, `  answers ${who}`]
  if (brain === 'local') lines.push(`  hears   ${hearing.able ? hearing.by : `nothing: ${hearing.why}`}`)
  if (undone) lines.push('', `  ${undone}`)
  console.log([...lines, '', `  Ready after ${seconds(startedMs)}. Ctrl-C stops it.`, ''].join('\n'))
}

try {
  const undone = await prepare()
  const host = process.env.HOST || '127.0.0.1'
  const reachable = ['0.0.0.0', '::'].includes(host) ? '127.0.0.1' : host
  const address = `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${process.env.PORT || 3000}`
  if (/^\d+$/.test(process.env.PORT || '3000')) await checkPort(host, Number(process.env.PORT || 3000))
  const child = serve()
  child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 0 : 1)))
  const ready = await untilReady(child, address)
  if (ready) announce(ready, address, undone)
} catch (error) {
  reportFailure(error)
}
