// The embedded engine's speech to text: a model when one is there, else PocketSphinx from Debian's packages.
import { existsSync, readdirSync } from 'node:fs'
import { aptInstall, mayInstall } from './debian.mjs'

const PACKAGES = ['libpocketsphinx3', 'pocketsphinx-en-us']
const MODEL = '/usr/share/pocketsphinx/model/en-us/en-us'

const pocketSphinxIsThere = () => existsSync(MODEL)
  && readdirSync('/usr/lib').some(name => existsSync(`/usr/lib/${name}/libpocketsphinx.so.3`))

/** A recogniser's pack, by its looks: every voice among the packs has eSpeak's data, no recogniser does. */
function someModelIsThere() {
  const folder = process.env.KAIWA_MODELS_DIR || `${process.env.KAIWA_DATA_DIR || 'data'}/models`
  if (!existsSync(folder)) return false
  const packs = readdirSync(folder, { withFileTypes: true }).filter(entry => entry.isDirectory() && !entry.name.startsWith('.')).map(entry => `${folder}/${entry.name}`)
  return [folder, ...packs].some(pack => {
    const names = readdirSync(pack)
    return names.some(name => name.endsWith('tokens.txt')) && !names.includes('espeak-ng-data')
  })
}

/** As the server chooses: a server that is named, and hearing that is turned off, need nothing here. */
function hearsElsewhere() {
  const { KAIWA_STT, KAIWA_STT_URL } = process.env
  return KAIWA_STT === 'none' || Boolean(KAIWA_STT_URL && (KAIWA_STT || 'server') === 'server')
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
  if (hearsElsewhere() || someModelIsThere() || pocketSphinxIsThere()) return
  const permission = mayInstall()
  const byHand = `apt-get install ${PACKAGES.join(' ')}`
  if (!permission.may) return `Speech recognition is not installed (${permission.why}); typing still gets a spoken answer. On Debian or Ubuntu: ${byHand}`
  try {
    await aptInstall('Installing speech recognition (35 MB, once)', PACKAGES)
  } catch (error) {
    return `Speech recognition could not be installed (${error.what ?? error.message}); typing still gets a spoken answer. By hand: ${byHand}`
  }
}
