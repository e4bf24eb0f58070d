import { defineNitroPlugin } from 'nitropack/runtime'
import { instance } from '../realtime/current.ts'

/** From now on admission knows whether there is room. */
export default defineNitroPlugin(() => {
  if (import.meta.prerender) return
  instance().headroom.start()
})
