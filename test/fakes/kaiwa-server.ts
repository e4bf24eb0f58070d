import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const READY_TIMEOUT_MS = 60_000
const STOP_TIMEOUT_MS = 30_000

export interface KaiwaServer {
  address: string
  port: number
  pid: number
  /** Everything that the process has printed so far. */
  log(): string
  /** SIGTERM, as an operator would; resolves with the exit code. */
  stop(): Promise<number | null>
  /** With its code, however it came to end. */
  exited: Promise<number | null>
}

export interface KaiwaOptions {
  /** As `ulimit -n`. */
  maxDescriptors?: number
  /** Node's own, e.g. `--expose-gc`. */
  nodeOptions?: string
}

/**
 * Starts the production server as `npm start` does, on a free port of loopback, with nothing of this environment's settings
 * but what is passed. Rejects with the server's own words when it ends before it is ready.
 */
export async function startKaiwa(settings: Record<string, string> = {}, { maxDescriptors, nodeOptions }: KaiwaOptions = {}): Promise<KaiwaServer> {
  const entry = join(process.cwd(), '.output/server/index.mjs')
  if (!existsSync(entry)) throw new Error('There is no build to test. Run `npm run build` first; `npm test` does it by itself.')
  const dataDir = mkdtempSync(join(tmpdir(), 'kaiwa-test-'))
  const port = await freePort()
  const env = {
    PATH: process.env.PATH, HOME: process.env.HOME, NODE_ENV: 'production', PORT: String(port), KAIWA_DATA_DIR: dataDir,
    ...(nodeOptions === undefined ? {} : { NODE_OPTIONS: nodeOptions }), ...settings,
  }
  const [program, given] = maxDescriptors === undefined
    ? [process.execPath, [entry]]
    : ['/bin/sh', ['-c', `ulimit -n ${maxDescriptors} && exec "$0" "$1"`, process.execPath, entry]]
  const child = spawn(program, given, { env, stdio: ['ignore', 'pipe', 'pipe'] })
  let printed = ''
  child.stdout.on('data', data => { printed += data })
  child.stderr.on('data', data => { printed += data })
  const exited = once(child, 'exit').then(([code]) => code as number | null)
  exited.finally(() => rmSync(dataDir, { recursive: true, force: true }))
  const address = `http://127.0.0.1:${port}`

  await untilReady(address, () => child.exitCode !== null || child.signalCode !== null, () => printed)
  return {
    address,
    port,
    pid: child.pid!,
    exited,
    log: () => printed,
    async stop() {
      child.kill('SIGTERM')
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS)
      return await exited.finally(() => clearTimeout(timer))
    },
  }
}

async function untilReady(address: string, ended: () => boolean, log: () => string) {
  const deadlineMs = Date.now() + READY_TIMEOUT_MS
  while (Date.now() < deadlineMs) {
    if (ended()) throw new Error(`The server ended before it was ready:\n${log()}`)
    const answer = await fetch(`${address}/readyz`).catch(() => undefined)
    if (answer?.ok) return
    await new Promise(resolve => setTimeout(resolve, 50))
  }
  throw new Error(`The server was not ready after ${READY_TIMEOUT_MS} ms:\n${log()}`)
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
