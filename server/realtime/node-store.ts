import type { Settings } from '../config/settings.ts'
import type { Log } from '../log.ts'
import type { Store } from '../store/store.ts'

/** The store of the built server, whose worker is a file of its own. All of it is loaded here: whoever keeps nothing pays for nothing. @throws StoreError */
export async function openNodeStore(settings: Pick<Settings, 'store' | 'dataDir'>, log: Log): Promise<Store> {
  const [{ openStore }, { sqliteWorkerUrl }] = await Promise.all([import('../store/open-store.ts'), import('../store/worker-file.ts')])
  return openStore(settings, log, { workerUrl: new URL(sqliteWorkerUrl) })
}
