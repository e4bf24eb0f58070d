/**
 * Loads a model pack in a process of its own before the engine does: ONNX Runtime ends the whole process (abort) on a model that it
 * doesn't like, and no worker thread is a shelter from that.
 */
import { execFile } from 'node:child_process'
import { createRequire } from 'node:module'

/** Large models take some ten seconds from a slow disk. */
const TRIAL_TIMEOUT_MS = 60_000

/** CommonJS, because it comes as an argument: it must work from the sources and from the built server alike. */
const PROGRAM = `
const [library, kind, config] = process.argv.slice(1)
const sherpa = require(library)
new sherpa[kind](JSON.parse(config))
`

export interface SherpaTrial {
  /** For people: "streaming-transducer pack sherpa-onnx-…". */
  what: string
  /** sherpa-onnx-node's class, and what its constructor takes. */
  load: 'OnlineRecognizer' | 'OfflineRecognizer' | 'OfflineTts'
  config: Record<string, unknown>
}

/** Nothing when the pack loads; else one sentence. */
export function trySherpa({ what, load, config }: SherpaTrial): Promise<string | undefined> {
  const library = resolveSherpa()
  if (!library) return Promise.resolve('sherpa-onnx-node is not installed; npm ci brings it.')
  return new Promise(resolve => {
    const options = { timeout: TRIAL_TIMEOUT_MS, maxBuffer: 1024 * 1024 }
    execFile(process.execPath, ['-e', PROGRAM, library, load, JSON.stringify(config)], options, (error, _output, complaint) => {
      if (!error) return resolve(undefined)
      const reason = /what\(\):\s*(.+)|Error: (.+)/.exec(complaint)
      resolve(`sherpa-onnx can't load the ${what}${reason ? ` (${(reason[1] ?? reason[2])!.slice(0, 200)})` : ''}; get it again.`)
    })
  })
}

function resolveSherpa(): string | undefined {
  try {
    return createRequire(import.meta.url).resolve('sherpa-onnx-node')
  } catch {
    return undefined
  }
}
