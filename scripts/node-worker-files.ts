import { posix } from 'node:path'

/**
 * `import url from './x.worker.ts?node-worker'` in server code: emits the worker as a file of its own beside the server
 * bundle and yields its `file:` address. Rollup bundles a `new Worker(new URL(…))` of Node into nothing.
 */
const SUFFIX = '?node-worker'
const MARK = '__kaiwa_node_worker__'

interface EmitContext {
  resolve(id: string, importer?: string): Promise<{ id: string } | null>
  emitFile(file: { type: 'chunk', id: string, name: string }): string
  getFileName(reference: string): string
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
    load(this: EmitContext, id: string) {
      if (!id.endsWith(SUFFIX)) return null
      const file = id.slice(0, -SUFFIX.length)
      const name = file.split('/').at(-1)!.replace(/\.ts$/, '')
      const reference = this.emitFile({ type: 'chunk', id: file, name })
      return `export default '${MARK}${reference}'`
    },
    // Last of all: Nitro turns every `import.meta` of the sources, Rollup's own file addresses among them, into a global of its own.
    generateBundle(this: EmitContext, _options: unknown, bundle: Bundle) {
      for (const output of Object.values(bundle)) {
        if (output.type !== 'chunk' || !output.code.includes(MARK)) continue
        const folder = posix.dirname(output.fileName)
        output.code = output.code.replace(new RegExp(`(["'\`])${MARK}([\\w$]+)\\1`, 'g'), (_text, _quote, reference: string) =>
          `new URL(${JSON.stringify(posix.relative(folder, this.getFileName(reference)))}, import.meta.url).href`)
      }
    },
  }
}
