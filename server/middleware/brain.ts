import { defineEventHandler } from 'h3'
import type { BrainInfo } from '../../shared/brain.ts'
import { instance } from '../realtime/current.ts'

/** The page is told who answers with itself: rendering finds it in `event.context.brain`. */
export default defineEventHandler(async event => {
  if (/^\/(_nuxt|api|v1)\/|^\/(healthz|readyz)$/.test(event.path)) return
  const { brain, webrtcCalls } = instance()
  event.context.brain = { ...await brain.info(), webrtc: webrtcCalls.able } satisfies BrainInfo
})
