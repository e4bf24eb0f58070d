import { posix } from 'node:path'
import { build } from 'esbuild'
import { outside } from './outside-packages.ts'

/**
 * `import url from './x.worker.ts?node-worker'` in server code: bundles the worker into a file of its own beside the server and
 * yields its `file:` address. A bundle of its own, because as a chunk of the server's it may come to share one with the server's
 * entry, and then every worker starts a server.
 */
const SUFFIX = '?node-worker'
const MARK = '__kaiwa_node_worker__'
const FOLDER = 'workers'

interface EmitContext {
  resolve(id: string, importer?: string): Promise<{ id: string } | null>
  emitFile(file: { type: 'asset', fileName: string, source: string }): string
  addWatchFile(file: string): void
}

type Bundle = Record<string, { type: 'asset' } | { type: 'chunk', fileName: string, code: string }>

export function nodeWorkerFiles() {
  return {
    name: 'kaiwa:node-worker-files',
    async resolveId(this: EmitContext, id: string, importer?: string) {
      if (!id.endsWith(SUFFIX)) return null
      const resolved = await this.resolve(id.slice(0, -SUFFIX.length), importer)
      return resolved && resolved.id + SUFFIX
    },
    async load(this: EmitContext, id: string) {
      if (!id.endsWith(SUFFIX)) return null
      const file = id.slice(0, -SUFFIX.length)
      const fileName = `${FOLDER}/${posix.basename(file, '.ts')}.mjs`
      const { code, inputs } = await bundleWorker(file)
      for (const input of inputs) this.addWatchFile(input)
      this.emitFile({ type: 'asset', fileName, source: code })
      return `export default '${MARK}${fileName}'`
    },
    // Last of all: Nitro turns every `import.meta` of the sources into a global of its own.
    generateBundle(_options: unknown, bundle: Bundle) {
      for (const output of Object.values(bundle)) {
        if (output.type !== 'chunk' || !output.code.includes(MARK)) continue
        const folder = posix.dirname(output.fileName)
        output.code = output.code.replace(new RegExp(`(["'\`])${MARK}([\\w./-]+)\\1`, 'g'), (_text, _quote, fileName: string) =>
          `new URL(${JSON.stringify(posix.relative(folder, fileName))}, import.meta.url).href`)
      }
    },
  }
}

async function bundleWorker(file: string): Promise<{ code: string, inputs: string[] }> {
  const { outputFiles, metafile } = await build({
    entryPoints: [file],
    bundle: true,
    write: false,
    metafile: true,
    platform: 'node',
    format: 'esm',
    target: 'node22',
    external: outside.flatMap(name => [name, `${name}/*`]),
    logLevel: 'silent',
  })
  return { code: outputFiles[0]!.text, inputs: Object.keys(metafile.inputs) }
}
