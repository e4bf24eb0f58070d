import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { build, type Plugin } from 'esbuild'

/** What Vite makes of `?worker&url`: one file of its own, and its address. */
const workletFiles = (files: Map<string, string>): Plugin => ({
  name: 'worklet-files',
  setup(bundling) {
    bundling.onResolve({ filter: /\?worker&url$/ }, ({ path, resolveDir }) => ({ path: fileURLToPath(new URL(path.replace(/\?.*$/, ''), `file://${resolveDir}/`)), namespace: 'worklet' }))
    bundling.onLoad({ filter: /./, namespace: 'worklet' }, async ({ path }) => {
      const address = `/${path.split(/[\\/]/).at(-1)!.replace(/\.ts$/, '.js')}`
      files.set(address, await bundle(path))
      return { contents: `export default ${JSON.stringify(address)}` }
    })
  },
})

async function bundle(entry: string, plugins: Plugin[] = []): Promise<string> {
  const { outputFiles } = await build({ entryPoints: [entry], bundle: true, write: false, format: 'esm', target: 'es2022', plugins })
  return outputFiles[0]!.text
}

/** Serves one module as a page of its own, on loopback, with the content policy of the real page: scripts from this origin only. */
export async function servePage(entry: string): Promise<{ url: string, server: Server }> {
  const files = new Map<string, string>()
  files.set('/page.js', await bundle(entry, [workletFiles(files)]))
  const server = createServer(({ url = '/' }, response) => {
    const file = files.get(url)
    response.setHeader('content-security-policy', 'default-src \'self\'; connect-src \'self\' data:; img-src data:')
    if (file !== undefined) return response.setHeader('content-type', 'text/javascript').end(file)
    if (url !== '/') return response.writeHead(404).end()
    response.setHeader('content-type', 'text/html').end('<!doctype html><title>Audio path</title><link rel="icon" href="data:,"><button>Start</button><script type="module" src="/page.js"></script>')
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, server }
}
