/** The commands of `npm run models`. */
import { ModelError } from './model-error.ts'
import { createModelStore, type Listed, type ModelStore, type ModelStoreOptions } from './model-store.ts'

export interface ModelsCommandOptions extends ModelStoreOptions {
  out(text: string): void
  /** Progress on one line that is written over. */
  overwrites: boolean
}

const USAGE = `Speech models for the embedded engine.

  npm run models list              what is known, and what is there
  npm run models download <name>   gets a model; goes on where an earlier try stopped
  npm run models verify [<name>]   checks the files of one, or of all
  npm run models remove <name>
`

/** Resolves with the exit code: 0, 1 when something failed, 2 for a command that there isn't. */
export async function runModelsCommand(args: readonly string[], { out, overwrites, ...options }: ModelsCommandOptions): Promise<number> {
  const [command = 'list', name] = args
  const store = createModelStore(options)
  try {
    if (command === 'list' && args.length <= 1) return await list(store, options.dir, out)
    if (command === 'verify' && args.length <= 2) return await verify(store, name, out)
    if (name !== undefined && args.length === 2) {
      if (command === 'download') return await download(store, name, out, overwrites)
      if (command === 'remove') {
        await store.remove(name)
        out(`${name} is removed.\n`)
        return 0
      }
    }
    out(USAGE)
    return /^(?:help|--help|-h)$/.test(command) ? 0 : 2
  } catch (error) {
    if (!(error instanceof ModelError)) throw error
    out(`${error.message}\n`)
    return 1
  }
}

async function list(store: ModelStore, dir: string, out: (text: string) => void): Promise<number> {
  const listed = await store.list()
  const titles = { stt: 'Understanding speech (KAIWA_STT=sherpa)', tts: 'Speaking (KAIWA_TTS=sherpa)' } as const
  for (const stage of ['stt', 'tts'] as const) {
    out(`${titles[stage]}\n`)
    for (const each of listed) if (each.known && each.model.stage === stage) out(lineFor(each))
    out('\n')
  }
  const foreign = listed.filter(each => !each.known)
  if (foreign.length > 0) out(`Put there by hand: ${foreign.map(({ name }) => name).join(', ')}\n\n`)
  out(`* is installed, in ${dir}. Sizes are those of the downloads, roughly.\n`)
  return 0
}

function lineFor({ installed, name, model }: Listed & { known: true }): string {
  return `${installed ? '*' : ' '} ${name.padEnd(60)} ${`${model.aboutMB} MB`.padStart(8)}  ${model.languages.join(' ').padEnd(15)} ${model.note}; ${model.licence}\n`
}

async function verify(store: ModelStore, name: string | undefined, out: (text: string) => void): Promise<number> {
  const names = name !== undefined ? [name] : (await store.list()).filter(({ installed }) => installed).map(each => each.name)
  if (names.length === 0) out('No model is installed.\n')
  let failed = false
  for (const each of names) {
    try {
      out(`${await store.verify(each)}\n`)
    } catch (error) {
      if (!(error instanceof ModelError)) throw error
      out(`${error.message}\n`)
      failed = true
    }
  }
  return failed ? 1 : 0
}

async function download(store: ModelStore, name: string, out: (text: string) => void, overwrites: boolean): Promise<number> {
  let told = -1
  let progressed = false
  const done = await store.download(name, (bytes, ofBytes) => {
    progressed = true
    const step = ofBytes ? Math.floor(bytes / ofBytes * (overwrites ? 100 : 10)) : Math.floor(bytes / 10_000_000)
    if (step === told) return
    told = step
    const text = `${name}: ${Math.round(bytes / 1e6)}${ofBytes ? ` of ${Math.round(ofBytes / 1e6)}` : ''} MB`
    out(overwrites ? `\r${text}` : `${text}\n`)
  }).finally(() => { if (overwrites && progressed) out('\n') })
  out(done === 'was there' ? `${name} is already installed.\n` : `${name} is installed; restart Kaiwa to use it.\n`)
  return 0
}
