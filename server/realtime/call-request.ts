import { z } from 'zod'
import type { CallGrant } from '../../shared/calls.ts'
import type { Identity } from '../auth/identify.ts'
import { refuseForOrigin, refuseForRoom, REALTIME_PATH, signInRequired, type Knock, type Refusal } from './admission.ts'
import { DEFAULT_PERSONA } from '../personas/persona.ts'
import type { Instance } from './instance.ts'

const bodySchema = z.strictObject({
  persona: z.string().max(64).optional(),
  conversation_id: z.string().optional(),
  transport: z.enum(['websocket', 'webrtc']).optional(),
})

export interface CallAsk {
  headers: Knock['headers'] & { 'content-type'?: string }
  identity: Pick<Identity, 'visitor'>
  /** The body's text; longer than `MAX_BODY_BYTES` it is refused. */
  body: string
}

export const MAX_BODY_BYTES = 4096

const refusal = (status: Refusal['status'], code: string, message: string, retryAfterSeconds?: number): Refusal => ({ admitted: false, status, code, message, retryAfterSeconds })

/** `POST /api/calls`: the page asks for a call and gets a ticket for one connection. */
export function grantCall(ask: CallAsk, { house, tickets, calls, personas, ids, settings }: Pick<Instance, 'house' | 'tickets' | 'calls' | 'personas' | 'ids' | 'settings'>): CallGrant | Refusal {
  const misplaced = refuseForOrigin(ask.headers, settings)
  if (misplaced) return misplaced
  // Only browsers can be led astray, and they name their origin; another program may do as if it were the page.
  const origin = ask.headers.origin ?? settings.publicUrl?.origin ?? `http://${ask.headers.host}`
  const { visitor } = ask.identity
  if (!visitor) return signInRequired(settings)
  const asked = readBody(ask)
  if ('admitted' in asked) return asked
  const met = personas.find(asked.persona ?? DEFAULT_PERSONA)
  if (!met) return { ...refusal(404, 'persona_not_found', 'There is no such persona here. GET /api/personas names those that there are.'), param: 'persona' }
  const full = refuseForRoom(house, visitor, met.able ? met.brain : undefined)
  if (full) return full
  if (!met.able) return refusal(503, 'persona_unavailable', met.why)
  const { persona, brain } = met
  const claim = { callId: ids('call'), conversationId: ids('conv'), origin, person: visitor, persona: { id: persona.id, version: persona.version } }
  const issued = tickets.issue(claim)
  if (!issued) return refusal(503, 'server_full', 'Too many calls are being started. Try again in a minute.', 30)
  // The embedded engine may not be up yet when it answers for this persona alone.
  void brain.warmUp()
  return {
    call_id: claim.callId,
    conversation_id: claim.conversationId,
    ticket: issued.ticket,
    expires_at: Math.floor(issued.expiresAtMs / 1000),
    // The page's own address, as its browser named it: right behind any proxy.
    url: `${origin.replace(/^http/i, 'ws')}${REALTIME_PATH}`,
    limits: calls.limitsOf(persona),
    persona: persona.id,
    continued: null,
  }
}

function readBody({ headers, body }: CallAsk): { persona?: string } | Refusal {
  if (!body) return {}
  if (body.length > MAX_BODY_BYTES) return refusal(400, 'body_too_large', 'The body is too long for what can be asked here.')
  // A form can't send this type across sites without asking first.
  if (!/^application\/json\b/i.test(headers['content-type'] ?? '')) return refusal(400, 'invalid_content_type', 'The body has to be JSON (Content-Type: application/json).')
  let value: unknown
  try {
    value = JSON.parse(body)
  } catch {
    return refusal(400, 'invalid_json', 'The body is not JSON.')
  }
  const parsed = bodySchema.safeParse(value)
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!
    const where = issue.path.join('.') || (issue.code === 'unrecognized_keys' ? issue.keys.join(', ') : 'body')
    return refusal(400, 'invalid_value', `\`${where.slice(0, 64)}\` can't be that. This version takes {"persona":"<id>","transport":"websocket" or "webrtc"}; both may be left out.`)
  }
  if (parsed.data.conversation_id !== undefined) return refusal(404, 'conversation_not_found', 'This version keeps no conversations to go on with.')
  return parsed.data
}
