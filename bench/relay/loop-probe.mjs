// Preloaded into every relay that runs on Node: how late its event loop is. JavaScript, so that nothing is loaded to strip types.
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

const RESOLUTION_MS = 10
let delay

process.on('message', ({ id, command }) => {
  if (command?.do === 'mark') {
    delay ??= monitorEventLoopDelay({ resolution: RESOLUTION_MS })
    delay.enable()
    delay.reset()
    process.send({ id, value: null })
  } else if (command?.do === 'read') {
    delay?.disable()
    // What is recorded is the time between two looks.
    process.send({ id, value: Math.max(0, (delay?.percentile(99) ?? Number.NaN) / 1e6 - RESOLUTION_MS) })
  } else if (command?.do === 'held') {
    process.send({ id, value: heldBytes() })
  }
})
/** Bytes that are held and not merely not yet collected. */
function heldBytes() {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

// The bench is gone, however it went.
process.on('disconnect', () => process.exit())
process.channel?.unref()
