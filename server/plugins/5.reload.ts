import { defineNitroPlugin } from 'nitropack/runtime'
import { environment, instance } from '../realtime/current.ts'
import { createReload } from '../reload.ts'

/** SIGHUP: the settings are read again. In a terminal it means that the terminal is gone, and the server with it. */
export default defineNitroPlugin(() => {
  if (import.meta.prerender || import.meta.dev || process.stdout.isTTY) return
  process.on('SIGHUP', createReload(instance(), environment()))
})
