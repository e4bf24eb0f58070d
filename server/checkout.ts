import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * A path of the checkout that isn't bundled (`personas/default.yaml`), absolute. It lies beside the sources; the bundle lies somewhere
 * below the same root, and is started from it.
 */
export function inCheckout(path: string): string {
  for (let folder of [dirname(fileURLToPath(import.meta.url)), process.cwd()]) {
    for (;;) {
      if (existsSync(join(folder, path))) return join(folder, path)
      const parent = dirname(folder)
      if (parent === folder) break
      folder = parent
    }
  }
  return join(process.cwd(), path)
}
