import { defineEventHandler } from 'h3'
import type { KeepingInfo } from '../../shared/keeping.ts'
import { instance } from '../realtime/current.ts'

/** The page is told what is kept of conversations with itself: rendering finds it in `event.context.keeping`. */
export default defineEventHandler(event => {
  if (/^\/(_nuxt|api|v1)\/|^\/(healthz|readyz)$/.test(event.path)) return
  const { journal, store } = instance().settings
  event.context.keeping = { keeps: journal.keeps, days: store.retentionDays } satisfies KeepingInfo
})
