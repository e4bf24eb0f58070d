/** Every process that the bench starts goes through here, and none survives it: not an error, not Ctrl-C. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'

const ANSWER_MS = 60_000
const STOP_MS = 5000
/** Of `/proc/<pid>/stat`; Linux says 100 on every machine there is. */
const TICKS_PER_SECOND = 100

export interface Child {
  readonly pid: number
  /** Asks a process that answers commands. Rejects when it is silent for a minute, or gone. */
  ask<Answer>(command: object): Promise<Answer>
  /** Resolves when it printed that. */
  untilSaid(word: string): Promise<void>
  /** SIGTERM, then SIGKILL. */
  stop(): Promise<void>
  readonly gone: boolean
  log(): string
}

const running = new Set<ChildProcess>()
process.once('exit', () => { for (const child of running) child.kill('SIGKILL') })
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(130))

export interface ChildOptions {
  env?: Record<string, string | undefined>
  cwd?: string
  /** The one core it may use. */
  core?: number
  /** Speaks over Node's channel. @default true */
  answers?: boolean
}

export function startChild(file: string, args: readonly string[], { env = process.env, cwd, core, answers = true }: ChildOptions = {}): Child {
  const [command, all] = core === undefined ? [file, args] : ['taskset', ['-c', String(core), file, ...args]]
  const child = spawn(command, all, { env, cwd, stdio: answers ? ['ignore', 'pipe', 'pipe', 'ipc'] : ['ignore', 'pipe', 'pipe'] })
  running.add(child)
  let printed = ''
  let questions = 0
  for (const stream of [child.stdout!, child.stderr!]) stream.on('data', data => { if (printed.length < 100_000) printed += data })
  const left = new Promise<void>(resolve => {
    child.once('exit', () => resolve())
    child.once('error', error => {
      printed += error.message
      resolve()
    })
  })
  void left.then(() => running.delete(child))
  const gone = () => !running.has(child)
  const orGone = <T>(work: Promise<T>, what: string) => within(Promise.race([work, left.then(() => { throw new Error(`${file} ended: ${printed.slice(-2000)}`) })]), what)
  return {
    get pid() { return child.pid! },
    get gone() { return gone() },
    log: () => printed,
    ask<Answer>(command: object) {
      const id = ++questions
      const answered = new Promise<Answer>(resolve => {
        child.on('message', function listen(message: { id: number, value: Answer }) {
          if (message.id !== id) return
          child.off('message', listen)
          resolve(message.value)
        })
      })
      if (!gone()) child.send({ id, command })
      return orGone(answered, `an answer to ${JSON.stringify(command)}`)
    },
    untilSaid: word => orGone((async () => { while (!printed.includes(word)) await Promise.race([once(child.stdout!, 'data'), once(child.stderr!, 'data')]) })(), `"${word}" from ${file}`),
    async stop() {
      if (gone()) return
      child.kill('SIGTERM')
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
      await left
      clearTimeout(timer)
    },
  }
}

function within<T>(work: Promise<T>, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => { timer = setTimeout(() => reject(new Error(`Waited ${ANSWER_MS / 1000} s for ${what}.`)), ANSWER_MS) })
  return Promise.race([work, late]).finally(() => clearTimeout(timer))
}

/** CPU seconds, user and system, that a process has used; all its threads. */
export function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
}

/** Resident memory in kB. */
export const residentKb = (pid: number) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1])

export const wait = (ms: number) => new Promise<void>(resolve => setTimeout(resolve, ms))
