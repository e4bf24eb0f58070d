import { fileURLToPath } from 'node:url'
import { nodeWorkerFiles } from './scripts/node-worker-files.ts'
import { outsidePackages } from './scripts/outside-packages.ts'

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url))

export default defineNuxtConfig({
  components: { dirs: [] },
  // Our own code is imported explicitly, so that a reader can follow the path with "go to definition".
  imports: { scan: false },
  devtools: { enabled: false },
  app: {
    head: {
      htmlAttrs: { lang: 'en' },
      title: 'Kaiwa',
      meta: [
        { name: 'viewport', content: 'width=device-width,initial-scale=1,viewport-fit=cover' },
        { name: 'color-scheme', content: 'light dark' },
        { name: 'description', content: 'Talk with an AI by voice, on your own server.' },
      ],
      link: [{ rel: 'icon', type: 'image/svg+xml', href: '/icon.svg' }],
    },
  },
  css: ['~/assets/tokens.css', '~/assets/base.css'],
  sourcemap: { server: false, client: false },
  // Development listens where production does; by default it would be every address, with the key behind it.
  devServer: { host: '127.0.0.1' },
  compatibilityDate: '2026-11-01',
  nitro: {
    experimental: { websocket: true },
    alias: {
      // Both of Nitro's entries (dev and build) hand every upgrade to this adapter: ours takes its place.
      // Rests on an internal import path; guarded by test/integration/door-alias.test.ts.
      'crossws/adapters/node': path('./server/realtime/door.ts'),
    },
    rollupConfig: { plugins: [outsidePackages(), nodeWorkerFiles()] },
    esbuild: { options: { target: 'node22' } },
  },
  vite: {
    // vue-i18n without the API we don't use; its messages are compiled to a tree, never to code.
    define: { __VUE_I18N_FULL_INSTALL__: false, __VUE_I18N_LEGACY_API__: false, __INTLIFY_PROD_DEVTOOLS__: false },
  },
  typescript: { strict: true, typeCheck: false },
  telemetry: { enabled: false },
  hooks: {
    // Before Nuxt's own; setting nitro.errorHandler would take its place.
    'nitro:init': nitro => {
      nitro.options.errorHandler = [path('./server/error-handler.ts'), ...[nitro.options.errorHandler ?? []].flat()]
    },
    // What is opened on wish is fetched when it is opened: the first page is to be light.
    'build:manifest': manifest => {
      for (const file of Object.values(manifest)) file.prefetch = false
    },
    // Every state of the page without a call, for looking and for tests.
    'pages:extend': pages => {
      if (process.env.KAIWA_GALLERY) pages.push({ name: 'gallery', path: '/gallery', file: path('./test/gallery/gallery.vue') })
    },
  },
})
