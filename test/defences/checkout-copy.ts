import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { transformSync } from 'esbuild'
import { patchBuilt, type Chunk } from './built-server.ts'
import { withCut, type Cut } from './defence.ts'

/** As Nitro is told to in nuxt.config.ts: the patch has to look like what was built. */
const asBuilt = { loader: 'ts', target: 'node22' } as const
const BUILT = '.output/server'
const STAMP = '.built-from'

/** A checkout of its own, in which defences may be taken away. */
export interface CheckoutCopy {
  readonly root: string
  /** Takes them away, in the sources and, where it is wanted, in the built server; the way back is returned. */
  take(cuts: readonly Cut[], builtToo: boolean): () => void
}

/** Copies what git knows and what is new, links the packages, and builds, unless nothing but tests changed since the last time. */
export function copyCheckout(from: string, root: string): CheckoutCopy {
  const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '-z'], { cwd: from, encoding: 'utf8', maxBuffer: 64e6 }).split('\0').filter(Boolean)
  const fingerprint = createHash('sha256')
  for (const file of files) {
    // Listed, and deleted since.
    if (!existsSync(join(from, file))) continue
    const bytes = readFileSync(join(from, file))
    if (!file.startsWith('test/')) fingerprint.update(`${file}\0`).update(bytes)
    mkdirSync(dirname(join(root, file)), { recursive: true })
    writeFileSync(join(root, file), bytes)
  }
  linkPackages(from, root)
  const stamp = fingerprint.digest('hex')
  if (!existsSync(join(root, STAMP)) || readFileSync(join(root, STAMP), 'utf8') !== stamp) {
    build(root)
    writeFileSync(join(root, STAMP), stamp)
  }
  return { root, take: (cuts, builtToo) => take(root, cuts, builtToo) }
}

/** Our own packages are this copy's; all others are the checkout's. */
function linkPackages(from: string, root: string) {
  const modules = join(root, 'node_modules')
  rmSync(modules, { recursive: true, force: true })
  mkdirSync(modules)
  for (const name of readdirSync(join(from, 'node_modules'))) symlinkSync(join(realpathSync(join(from, 'node_modules')), name), join(modules, name))
  const ours = join(from, 'node_modules/@kaiwa')
  rmSync(join(modules, '@kaiwa'))
  mkdirSync(join(modules, '@kaiwa'))
  for (const name of readdirSync(ours)) symlinkSync(join('../..', 'packages', name), join(modules, '@kaiwa', name))
}

function build(root: string) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['node_modules/nuxt/bin/nuxt.mjs', 'build'], { cwd: root, encoding: 'utf8', maxBuffer: 64e6 })
  if (status === 0) return
  const why = `${stdout}${stderr}`.split('\n').filter(line => /\berror\b/i.test(line)).slice(0, 5)
  throw new Error(`The copy could not be built; \`npm run build\` says more:\n${why.join('\n')}`)
}

function take(root: string, cuts: readonly Cut[], builtToo: boolean): () => void {
  const undo: (() => void)[] = []
  const write = (path: string, text: string) => {
    const before = readFileSync(path)
    undo.push(() => writeFileSync(path, before))
    writeFileSync(path, text)
  }
  const giveBack = () => { for (const step of undo.reverse()) step() }
  try {
    let mustBuild = false
    for (const each of cuts) {
      if (each.file.startsWith('node_modules/')) ownPackage(root, each.file)
      const path = join(root, each.file)
      const source = readFileSync(path, 'utf8')
      const without = withCut(source, each)
      write(path, without)
      if (!builtToo || each.file.startsWith('node_modules/')) continue
      const patched = patchBuilt(chunksOf(root), transformSync(source, asBuilt).code, transformSync(without, asBuilt).code)
      if (patched) write(patched.path, patched.text)
      else mustBuild = true
    }
    if (mustBuild) undo.push(builtAnew(root))
    return giveBack
  } catch (error) {
    giveBack()
    throw error
  }
}

function builtAnew(root: string): () => void {
  const [output, aside] = [join(root, '.output'), join(root, '.output-whole')]
  rmSync(aside, { recursive: true, force: true })
  cpSync(output, aside, { recursive: true, verbatimSymlinks: true })
  const giveBack = () => {
    rmSync(output, { recursive: true, force: true })
    cpSync(aside, output, { recursive: true, verbatimSymlinks: true })
    rmSync(aside, { recursive: true, force: true })
  }
  try {
    build(root)
    return giveBack
  } catch (error) {
    giveBack()
    throw error
  }
}

/** A library is the checkout's until something of it is taken away. */
function ownPackage(root: string, file: string) {
  const link = join(root, file.split('/').slice(0, file.startsWith('node_modules/@') ? 3 : 2).join('/'))
  if (!lstatSync(link).isSymbolicLink()) return
  const real = realpathSync(readlinkSync(link))
  rmSync(link)
  cpSync(real, link, { recursive: true })
}

const chunksOf = (root: string): Chunk[] => readdirSync(join(root, BUILT, 'chunks'), { recursive: true, withFileTypes: true })
  .filter(entry => entry.isFile() && entry.name.endsWith('.mjs'))
  .map(entry => join(entry.parentPath, entry.name))
  .map(path => ({ path, text: readFileSync(path, 'utf8') }))
