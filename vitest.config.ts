import { defineConfig } from 'vitest/config'

const shared = { environment: 'node', testTimeout: 15_000, hookTimeout: 60_000 } as const

export default defineConfig({
  test: {
    projects: [
      { test: { ...shared, name: 'unit', include: ['packages/*/test/**/*.test.ts', 'test/unit/**/*.test.ts'] } },
      { test: { ...shared, name: 'contract', include: ['test/contract/**/*.test.ts'], testTimeout: 30_000 } },
      // These start whole servers: one file at a time, or two cores are not enough for real-time audio.
      { test: { ...shared, name: 'integration', include: ['test/integration/**/*.test.ts'], fileParallelism: false, testTimeout: 60_000, hookTimeout: 120_000 } },
      { test: { ...shared, name: 'e2e', include: ['test/e2e/**/*.test.ts'], fileParallelism: false, testTimeout: 90_000, hookTimeout: 120_000 } },
    ],
  },
})
