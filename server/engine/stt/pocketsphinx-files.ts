/** Where Debian and Ubuntu put PocketSphinx and CMU's US English model. Only looks; loads nothing. */
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'

export interface PocketsphinxFiles { baseLibrary: string, library: string, acousticModel: string, dictionary: string, languageModel: string }

export type PocketsphinxSearch = { found: true, files: PocketsphinxFiles } | { found: false, why: string }

const PACKAGES = 'apt-get install libpocketsphinx3 pocketsphinx-en-us'

/** `root` is `/` except in tests. */
export function findPocketsphinx(root = '/'): PocketsphinxSearch {
  const libraries = libraryFolders(root)
  const library = libraries.map(folder => join(folder, 'libpocketsphinx.so.3')).find(existsSync)
  const baseLibrary = libraries.map(folder => join(folder, 'libsphinxbase.so.3')).find(existsSync)
  if (!library || !baseLibrary) return { found: false, why: `PocketSphinx is not installed: ${PACKAGES} (as root) adds it.` }
  const model = join(root, 'usr/share/pocketsphinx/model/en-us')
  const files = {
    baseLibrary, library,
    acousticModel: join(model, 'en-us'),
    dictionary: join(model, 'cmudict-en-us.dict'),
    languageModel: join(model, 'en-us.lm.bin'),
  }
  const needed = [files.dictionary, files.languageModel, ...['mdef', 'means', 'variances', 'transition_matrices', 'sendump'].map(name => join(files.acousticModel, name))]
  const missing = needed.find(path => !hasContent(path))
  if (missing) return { found: false, why: `PocketSphinx's English model lacks ${missing}: ${PACKAGES} (as root) adds it.` }
  return { found: true, files }
}

/** Multiarch folders such as usr/lib/x86_64-linux-gnu, whatever the processor, then the plain ones. */
function libraryFolders(root: string): string[] {
  const lib = join(root, 'usr/lib')
  const multiarch = existsSync(lib) ? readdirSync(lib).filter(name => name.endsWith('-linux-gnu') || name.includes('-linux-gnueabi')) : []
  // Several on a machine that also runs foreign binaries: ours first.
  const own = process.arch === 'x64' ? 'x86_64' : process.arch === 'arm64' ? 'aarch64' : process.arch
  multiarch.sort((a, b) => Number(b.startsWith(own)) - Number(a.startsWith(own)))
  return [...multiarch.map(name => join(lib, name)), lib, join(root, 'usr/local/lib')]
}

function hasContent(path: string): boolean {
  return (statSync(path, { throwIfNoEntry: false })?.size ?? 0) > 0
}
