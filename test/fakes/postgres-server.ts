/** A real PostgreSQL for tests: its own data in a temporary folder, its own port on loopback, gone afterwards. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import pg from 'pg'

export interface PostgresServer {
  url: string
  /** A database of its own for one test. */
  freshUrl(): Promise<string>
  /** Asks it anything, as its superuser. */
  ask(sql: string, url?: string): Promise<Record<string, unknown>[]>
  stop(): Promise<void>
  /** Again, with the same data at the same address. */
  start(): Promise<void>
  close(): Promise<void>
}

const PASSWORD = 'not-a-secret-9Xq'

/** Debian keeps each version's programs in a folder of its own, outside the PATH. */
function programs(): string | undefined {
  const debian = '/usr/lib/postgresql'
  const versions = existsSync(debian) ? readdirSync(debian).sort((one, other) => Number(other) - Number(one)).map(version => join(debian, version, 'bin')) : []
  return [...versions, ...(process.env.PATH ?? '').split(delimiter)].find(folder => existsSync(join(folder, 'initdb')) && existsSync(join(folder, 'postgres')))
}

/** PostgreSQL refuses to run as root. */
function unprivileged(): { uid: number, gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined
  const users = readFileSync('/etc/passwd', 'utf8').split('\n').map(line => line.split(':'))
  const found = users.find(([name]) => name === 'postgres') ?? users.find(([name]) => name === 'nobody')
  return found ? { uid: Number(found[2]), gid: Number(found[3]) } : undefined
}

/** Why there can be none here; undefined: there can. */
export function whyNoPostgres(): string | undefined {
  if (programs() === undefined) return 'PostgreSQL is not installed (Debian: apt-get install postgresql), so what concerns it is not tested'
  if (process.getuid?.() === 0 && !unprivileged()) return 'there is no user postgres or nobody, and PostgreSQL does not run as root'
  return undefined
}

const freePort = () => new Promise<number>((resolve, reject) => {
  const server = createServer().once('error', reject).listen(0, '127.0.0.1', () => {
    const { port } = server.address() as { port: number }
    server.close(() => resolve(port))
  })
})

/** Durability is PostgreSQL's own, and not what is tested here. */
const QUICK = ['fsync=off', 'full_page_writes=off', 'shared_buffers=64MB', 'max_connections=40', 'listen_addresses=127.0.0.1', 'log_min_messages=fatal']

export async function startPostgres(options: readonly string[] = []): Promise<PostgresServer> {
  const bin = programs()!
  const user = unprivileged()
  const folder = mkdtempSync(join(tmpdir(), 'kaiwa-postgres-'))
  if (user) chownSync(folder, user.uid, user.gid)
  const data = join(folder, 'data')
  const port = await freePort()
  const env = { PATH: process.env.PATH, PGPASSWORD: PASSWORD, LC_ALL: 'C.UTF-8' }
  const run = (program: string, args: string[]) => execFileSync(join(bin, program), args, { env, cwd: folder, stdio: 'pipe', timeout: 30_000, ...user })
  run('initdb', ['-D', data, '-U', 'kaiwa', '--auth=trust', '-E', 'UTF8', '--no-sync', '--no-instructions'])
  const url = `postgres://kaiwa:${PASSWORD}@127.0.0.1:${port}/postgres`
  let child: ChildProcess | undefined
  let databases = 0

  async function ask(sql: string, at = url) {
    const client = new pg.Client({ connectionString: at, connectionTimeoutMillis: 2_000 })
    client.on('error', () => {})
    await client.connect()
    try {
      return (await client.query<Record<string, unknown>>(sql)).rows
    } finally {
      await client.end().catch(() => {})
    }
  }
  async function start() {
    const settings = [...QUICK, `port=${port}`, `unix_socket_directories=${folder}`, ...options].flatMap(setting => ['-c', setting])
    child = spawn(join(bin, 'postgres'), ['-D', data, ...settings], { env, cwd: folder, stdio: 'ignore', ...user })
    for (let tries = 0; ; tries++) {
      try {
        await ask('select 1')
        return
      } catch (error) {
        if (tries > 200 || child.exitCode !== null) throw error
        await new Promise(resolve => { setTimeout(resolve, 50) })
      }
    }
  }
  async function stop() {
    const running = child
    child = undefined
    if (!running || running.exitCode !== null) return
    const ended = new Promise(resolve => { running.once('exit', resolve) })
    // At once, but in good order.
    running.kill('SIGINT')
    const late = setTimeout(() => running.kill('SIGKILL'), 10_000)
    await ended
    clearTimeout(late)
  }
  await start()
  return {
    url, ask, start, stop,
    async freshUrl() {
      const name = `test_${++databases}`
      await ask(`create database ${name}`)
      return url.replace(/\/postgres$/, `/${name}`)
    },
    async close() {
      await stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
