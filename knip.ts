import type { KnipConfig } from 'knip'

const config: KnipConfig = {
  workspaces: {
    '.': {
      entry: ['app/app.vue', 'app/error.vue', 'app/pages/**/*.vue', 'app/plugins/*.ts', 'app/worklets/*.ts', 'server/plugins/*.ts', 'server/{api,routes,middleware}/**/*.ts', 'server/realtime/door.ts', 'bench/*.ts', 'scripts/*.mjs', 'test/**/*.test.ts', 'test/gallery/*.vue'],
      project: ['app/**/*.{ts,vue}', 'server/**/*.ts', 'shared/**/*.ts', 'test/**/*.ts', 'scripts/**/*.{mjs,ts}', 'bench/**/*.ts'],
    },
    'packages/*': { entry: ['src/index.ts'], project: ['src/**/*.ts', 'test/**/*.ts'] },
  },
}

export default config
