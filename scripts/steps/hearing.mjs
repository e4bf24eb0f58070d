// The embedded engine's speech to text: a model when one is there, else PocketSphinx from Debian's packages.
import { existsSync, readdirSync } from 'node:fs'
import { aptInstall, mayInstall } from './debian.mjs'

const PACKAGES = ['libpocketsphinx3', 'pocketsphinx-en-us']
const MODEL = '/usr/share/pocketsphinx/model/en-us/en-us'

const pocketSphinxIsThere = () => existsSync(MODEL)
  && readdirSync('/usr/lib').some(name => existsSync(`/usr/lib/${name}/libpocketsphinx.so.3`))

function someModelIsThere() {
  const folder = process.env.KAIWA_MODELS_DIR ?? `${process.env.KAIWA_DATA_DIR ?? 'data'}/models`
  return existsSync(folder) && readdirSync(folder).length > 0
}

/** Whether the embedded engine is the one that answers, as the server decides it. */
export function engineAnswers() {
  const { KAIWA_BRAIN, OPENAI_API_KEY } = process.env
  return KAIWA_BRAIN ? KAIWA_BRAIN === 'local' : !OPENAI_API_KEY
}

/**
 * Never fails the start: a machine that can't hear still answers what is typed.
 * @returns {Promise<string | undefined>} a sentence for the terminal when something stayed undone
 */
export async function ensureHearing() {
  if (someModelIsThere() || pocketSphinxIsThere()) return
  const permission = mayInstall()
  const byHand = `apt-get install ${PACKAGES.join(' ')}`
  if (!permission.may) return `Speech recognition is not installed (${permission.why}); typing still gets a spoken answer. On Debian or Ubuntu: ${byHand}`
  try {
    await aptInstall('Installing speech recognition (35 MB, once)', PACKAGES)
  } catch (error) {
    return `Speech recognition could not be installed (${error.what ?? error.message}); typing still gets a spoken answer. By hand: ${byHand}`
  }
}
