import { defineNitroPlugin } from 'nitropack/runtime'
import { instance } from '../realtime/current.ts'
import { withNonce } from '../security-headers/nonce.ts'
import { createSecurityHeaders } from '../security-headers/response-headers.ts'

/** Before anything answers, so that files, refusals and errors have them too. */
export default defineNitroPlugin(nitro => {
  if (import.meta.prerender) return
  const headers = createSecurityHeaders({ publicUrl: instance().settings.publicUrl, dev: import.meta.dev })
  nitro.hooks.hook('request', event => headers.set(event.node.res))
  nitro.hooks.hook('render:html', (html, { event }) => {
    const nonce = headers.allowPage(event.node.res)
    html.head = withNonce(html.head, nonce)
    html.bodyAppend = withNonce(html.bodyAppend, nonce)
  })
  nitro.hooks.hook('render:response', response => {
    delete response.headers?.['x-powered-by']
  })
})
