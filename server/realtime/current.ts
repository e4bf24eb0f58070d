import type { Environment } from '../config/setting-kinds.ts'
import type { Instance } from './instance.ts'

let current: Instance | undefined

/** The process's own instance, for Nitro's handlers, which can be given nothing. Set by the first plugin. */
export function instance(): Instance {
  if (!current) throw new Error('The server has not started: server/plugins/1.start.ts runs first.')
  return current
}

export function setInstance(next: Instance) {
  current = next
}

let readEnvironment: (() => Environment) | undefined

/** Reads the environment and the file `.env`, as they are now. */
export function environment(): () => Environment {
  if (!readEnvironment) throw new Error('The server has not started: server/plugins/1.start.ts runs first.')
  return readEnvironment
}

export function setEnvironment(read: () => Environment) {
  readEnvironment = read
}
