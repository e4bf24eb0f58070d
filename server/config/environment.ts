import { parseEnv } from 'node:util'
import type { Environment } from './setting-kinds.ts'

/**
 * What the process was started with, over what the file `.env` says now; read anew at each call.
 * @param given the process's own, before anything was added to it
 * @param readFile the file's text; undefined: there is none
 */
export const createEnvironment = (given: Environment, readFile: () => string | undefined) => (): Environment => {
  const text = readFile()
  return { ...(text === undefined ? {} : parseEnv(text)), ...given }
}
