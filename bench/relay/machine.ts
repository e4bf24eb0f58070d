import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg } from 'node:os'

/** One busy neighbour on every other core. */
const BUSY_SHARE = 0.25

/** Facts to read the figures by. */
export function printMachine(): void {
  const [load] = loadavg() as [number]
  console.log(`${availableParallelism()} cores (${cpus()[0]?.model.trim()}), Node ${process.version}, load ${load.toFixed(2)} at the start`)
  if (load > BUSY_SHARE * availableParallelism()) console.log('This machine is not quiet: believe CPU and ratios, not p99 and capacity.')
}

/** Files that a process may open, sockets included. */
export function openFilesLimit(): number {
  return Number(/Max open files\s+\d+\s+(\d+)/.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1] ?? 1024)
}

export const canPin = () => {
  try {
    execFileSync('taskset', ['-V'], { stdio: 'ignore' })
    return availableParallelism() > 1
  } catch {
    return false
  }
}
