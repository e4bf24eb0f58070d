import { readdirSync, readFileSync } from 'node:fs'
import { monitorEventLoopDelay, performance } from 'node:perf_hooks'
import { getHeapStatistics } from 'node:v8'
import type { Reading } from './headroom.ts'

const LOOP_SAMPLE_MS = 20
/** Counting descriptors lists a folder with one entry each: with thousands open that is not for every second. */
const COUNT_EVERY_READS = 5

/** Reads this process's own facts; each reading covers the time since the one before. */
export function createProcessReading(): () => Omit<Reading, 'calls'> {
  const delay = monitorEventLoopDelay({ resolution: LOOP_SAMPLE_MS })
  delay.enable()
  const maxDescriptors = softDescriptorLimit()
  let utilised = performance.eventLoopUtilization()
  let openDescriptors: number | undefined
  let reads = 0

  return () => {
    const now = performance.eventLoopUtilization()
    const { utilization } = performance.eventLoopUtilization(now, utilised)
    utilised = now
    // Each of its samples is the time between two ticks: the tick itself is no delay.
    const loopDelayP99Ms = Math.max(0, delay.percentile(99) / 1e6 - LOOP_SAMPLE_MS)
    const loopDelayMaxMs = Math.max(0, delay.max / 1e6 - LOOP_SAMPLE_MS)
    delay.reset()
    if (reads++ % COUNT_EVERY_READS === 0) openDescriptors = countDescriptors()
    const heap = getHeapStatistics()
    return {
      loopUtilisation: utilization,
      loopDelayP99Ms,
      loopDelayMaxMs,
      openDescriptors,
      maxDescriptors,
      memoryShare: memoryShare(),
      heapShare: heap.used_heap_size / heap.heap_size_limit,
    }
  }
}

/** Linux only; elsewhere unknown. */
function countDescriptors(): number | undefined {
  try {
    return readdirSync('/proc/self/fd').length
  } catch (error) {
    // None left to look with.
    return (error as NodeJS.ErrnoException).code === 'EMFILE' ? Infinity : undefined
  }
}

/** `Max open files` of this process; undefined where it isn't told, or without limit. */
function softDescriptorLimit(): number | undefined {
  try {
    return descriptorLimitIn(readFileSync('/proc/self/limits', 'utf8'))
  } catch {
    return undefined
  }
}

/** The soft limit in the text of `/proc/self/limits` (proc_pid_limits(5)). */
export function descriptorLimitIn(limits: string): number | undefined {
  const soft = /^Max open files\s+(\d+)/m.exec(limits)?.[1]
  return soft === undefined ? undefined : Number(soft)
}

/** Resident memory against the container's limit; undefined without one. Node knows the limit of cgroups v1 and v2. */
function memoryShare(): number | undefined {
  const limitBytes = process.constrainedMemory()
  return limitBytes > 0 && limitBytes < Number.MAX_SAFE_INTEGER ? process.memoryUsage.rss() / limitBytes : undefined
}
