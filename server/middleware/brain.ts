import { defineEventHandler } from 'h3'
import { instance } from '../realtime/current.ts'

/** The page is told who answers with itself: rendering finds it in `event.context.brain`. */
export default defineEventHandler(async event => {
  if (/^\/(_nuxt|api|v1)\/|^\/(healthz|readyz)$/.test(event.path)) return
  event.context.brain = await instance().brain.info()
})
