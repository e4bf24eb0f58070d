import { defineNitroPlugin } from 'nitropack/runtime'
import { instance } from '../realtime/current.ts'

/** From now on admission knows whether there is room; and whatever is refused over HTTP is counted, by whichever route. */
export default defineNitroPlugin(nitro => {
  if (import.meta.prerender) return
  const { headroom, numbers } = instance()
  headroom.start()
  nitro.hooks.hook('beforeResponse', (event, { body }) => {
    const code = event.node.res.statusCode >= 400 && (body as { error?: { code?: unknown } } | undefined)?.error?.code
    if (typeof code === 'string') numbers.refused(code)
  })
})
