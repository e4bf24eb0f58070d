import { defineConfig } from 'vitest/config'

const shared = { environment: 'node', testTimeout: 15_000, hookTimeout: 60_000 } as const
const browser = { ...shared, testTimeout: 90_000, hookTimeout: 120_000 } as const

/** Browser tests that count samples or frames: each has the machine to itself. */
const measured = ['audio-path', 'barge-in', 'block-audio', 'contexts', 'echo', 'firefox', 'long-call', 'page-life', 'ways'].map(name => `test/e2e/${name}.test.ts`)

export default defineConfig({
  test: {
    projects: [
      { test: { ...shared, name: 'unit', include: ['packages/*/test/**/*.test.ts', 'test/unit/**/*.test.ts'] } },
      { test: { ...shared, name: 'contract', include: ['test/contract/**/*.test.ts'], testTimeout: 30_000 } },
      // These start whole servers: one file at a time, or two cores are not enough for real-time audio.
      { test: { ...shared, name: 'integration', include: ['test/integration/**/*.test.ts'], fileParallelism: false, testTimeout: 60_000, hookTimeout: 120_000 } },
      { test: { ...browser, name: 'e2e', include: measured, fileParallelism: false, sequence: { groupOrder: 1 } } },
      // These wait for words and answers, in real time, most of the while: two at a time.
      { test: { ...browser, name: 'e2e-pairs', include: ['test/e2e/**/*.test.ts'], exclude: measured, maxWorkers: 2, sequence: { groupOrder: 2 } } },
    ],
  },
})
