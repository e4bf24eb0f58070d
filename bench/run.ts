/** `npm run bench`: every benchmark, one after the other, each in a process of its own. `npm run bench -- engine` runs one; `--…` goes on to it. */
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'

const named = process.argv.slice(2).findIndex(arg => arg.startsWith('--'))
const [chosen, options] = named < 0 ? [process.argv.slice(2), []] : [process.argv.slice(2, named + 2), process.argv.slice(named + 2)]
const names = readdirSync(import.meta.dirname).filter(file => file.endsWith('.ts') && file !== 'run.ts').map(file => file.slice(0, -'.ts'.length))
const benches = names
  // `engine-memory.ts` is a part of `engine.ts`.
  .filter(name => !names.some(whole => name.startsWith(`${whole}-`)))
  .filter(name => chosen.length === 0 || chosen.includes(name))

if (benches.length === 0) {
  console.error(`No such benchmark: ${chosen.join(', ')}.`)
  process.exit(1)
}
for (const name of benches) {
  console.log(`\n── ${name}`)
  const { status } = spawnSync(process.execPath, [`${import.meta.dirname}/${name}.ts`, ...options], { stdio: 'inherit' })
  if (status !== 0) process.exitCode = 1
}
