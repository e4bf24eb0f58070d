// Type check of every part: pure packages (no DOM, no Node), the page, the server, the tests.
import { spawnSync } from 'node:child_process'

const parts = [
  ['packages', ['tsc', '-p', 'packages/tsconfig.json']],
  ['page', ['vue-tsc', '--noEmit', '-p', '.nuxt/tsconfig.app.json']],
  ['server', ['vue-tsc', '--noEmit', '-p', '.nuxt/tsconfig.server.json']],
  ['tests', ['vue-tsc', '--noEmit', '-p', 'tsconfig.test.json']],
]

let failed = false
for (const [name, [command, ...args]] of parts) {
  process.stdout.write(`types: ${name}\n`)
  const { status } = spawnSync(command, args, { stdio: 'inherit', shell: process.platform === 'win32' })
  failed ||= status !== 0
}
process.exit(failed ? 1 : 0)
