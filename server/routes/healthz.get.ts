import { defineEventHandler } from 'h3'

/** Alive. */
export default defineEventHandler(() => ({ status: 'ok' }))
