import { readSettings, secretsOf, SettingsError } from './config/settings.ts'
import type { Environment } from './config/setting-kinds.ts'
import type { Instance } from './realtime/instance.ts'

/**
 * Who may talk, and the provider's key, as the settings say now; the rest takes a restart. Calls of those who may no longer talk
 * end (4003); all others go on, with the key they began with. Settings that can't be are told to the operator and change nothing.
 */
export function createReload({ access, brains, hide, log }: Pick<Instance, 'access' | 'brains' | 'hide' | 'log'>, readEnvironment: () => Environment): () => void {
  return function reload() {
    try {
      const environment = readEnvironment()
      const next = readSettings(environment)
      hide(secretsOf(environment))
      const ended = access.change(next.access)
      const newKey = brains.takeKey(next.brain)
      log.info({ ended, newKey }, 'settings read again: who may talk, and the provider\'s key; the rest takes a restart')
    } catch (error) {
      const why = error instanceof SettingsError || (error as NodeJS.ErrnoException).code !== undefined ? (error as Error).message : 'the file .env could not be read'
      log.error({ why }, 'settings could not be read again, so they stay as they were')
    }
  }
}
