import { z } from 'zod'
import { dayOf } from '../metering/ledger.ts'
import { refusal, type Refusal } from '../realtime/admission.ts'

/** Days (UTC) as `YYYY-MM-DD`, both included. */
export interface DayRange { from: string, to: string }

const DAY_MS = 86_400_000
/** Without a word of when: the last so many days. */
const USUAL_DAYS = 30
/** As long as days are kept. */
const MAX_DAYS = 400
const schema = z.object({ from: z.iso.date().optional(), to: z.iso.date().optional() })

const refuse = (param: string | null, message: string): Refusal => ({ ...refusal(400, 'invalid_value', message), param })

export function readRange(query: URLSearchParams, nowMs: number): DayRange | Refusal {
  const read = schema.safeParse(Object.fromEntries(query))
  if (!read.success) return refuse(String(read.error.issues[0]?.path[0] ?? '') || null, '`from` and `to` have to be days, such as 2026-08-31.')
  const { to = dayOf(nowMs) } = read.data
  const { from = dayOf(Math.max(0, Date.parse(to) - (USUAL_DAYS - 1) * DAY_MS)) } = read.data
  const days = (Date.parse(to) - Date.parse(from)) / DAY_MS + 1
  if (days < 1) return refuse('from', '`from` has to be a day before `to`, or the same.')
  if (days > MAX_DAYS) return refuse('from', `From \`from\` to \`to\` there may be ${MAX_DAYS} days at most.`)
  return { from, to }
}
