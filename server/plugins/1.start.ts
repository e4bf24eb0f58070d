import { readFileSync } from 'node:fs'
import { defineNitroPlugin } from 'nitropack/runtime'
import { createEnvironment } from '../config/environment.ts'
import { readSettings, SettingsError } from '../config/settings.ts'
import { watchGlobalTrap } from '../global-trap.ts'
import { setEnvironment, setInstance } from '../realtime/current.ts'
import { createInstance } from '../realtime/instance.ts'
import { masksNatively } from '../realtime/masking.ts'

/** Runs before anything listens: settings, the instance, and a word to the operator when something is amiss. */
export default defineNitroPlugin(() => {
  if (import.meta.prerender) return
  const environment = createEnvironment({ ...process.env }, readEnvFile)
  setEnvironment(environment)
  Object.assign(process.env, environment())
  const settings = orExit(() => readSettings(process.env))
  // Nitro's entry reads these after its plugins, and would listen on every address by default.
  process.env.NITRO_HOST = settings.host
  process.env.NITRO_PORT = String(settings.port)
  // Prices and the folder of what is spent are settings, too, and read here.
  const started = orExit(() => createInstance(settings))
  setInstance(started)
  watchGlobalTrap(started.log)
  for (const notice of settings.notices) started.log.warn(notice)
  if (!masksNatively()) started.log.warn('bufferutil is not in use: relaying costs about ten times the CPU. Reinstall with `npm ci`.')
  // The engine takes a moment: better now than in the first talker's call.
  void started.brain.warmUp()
  started.personas.watch()
  started.beginKeeping()
})

function readEnvFile(): string | undefined {
  try {
    return readFileSync('.env', 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    return undefined
  }
}

/** A setting that is wrong is told in one sentence. */
function orExit<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error
    process.stderr.write(`kaiwa: ${error.message}\n`)
    process.exit(1)
  }
}
