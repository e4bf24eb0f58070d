/**
 * `import url from './x.worker.ts?node-worker'` in server code: emits the worker as a file of its own beside the server
 * bundle and yields its `file:` address. Rollup bundles a `new Worker(new URL(…))` of Node into nothing.
 */
const SUFFIX = '?node-worker'

interface EmitContext {
  resolve(id: string, importer?: string): Promise<{ id: string } | null>
  emitFile(file: { type: 'chunk', id: string, name: string }): string
}

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
      return `export default import.meta.ROLLUP_FILE_URL_${reference}`
    },
  }
}
