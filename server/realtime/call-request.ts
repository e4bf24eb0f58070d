import { z } from 'zod'
import type { CallGrant } from '../../shared/calls.ts'
import { goingOn } from '../history/going-on.ts'
import { noConversation, noItem, nothingKept, refusalOfTrouble } from '../history/history-answer.ts'
import { readWhole, type WholeConversation } from '../history/whole-conversation.ts'
import { personKey } from '../metering/metering.ts'
import type { Identity } from '../auth/identify.ts'
import type { Person } from '../auth/person.ts'
import { conversationBusy, refuseForOrigin, refuseForRoom, REALTIME_PATH, signInRequired, type Knock, type Refusal } from './admission.ts'
import { DEFAULT_PERSONA } from '../personas/persona.ts'
import type { Instance } from './instance.ts'

const bodySchema = z.strictObject({
  persona: z.string().max(64).optional(),
  conversation_id: z.string().max(128).optional(),
  after_item_id: z.string().max(128).optional(),
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

export type CallHouse = Pick<Instance, 'house' | 'tickets' | 'calls' | 'personas' | 'ids' | 'settings' | 'store' | 'journal' | 'log'>
type Asked = z.infer<typeof bodySchema>

/** What was said a moment ago is on its way to the store. */
const CAUGHT_UP_MS = 1000

/** `POST /api/calls`: the page asks for a call, in a new conversation or in one that goes on, and gets a ticket for one connection. */
export async function grantCall(ask: CallAsk, house: CallHouse): Promise<CallGrant | Refusal> {
  const { settings } = house
  const misplaced = refuseForOrigin(ask.headers, settings)
  if (misplaced) return misplaced
  // Only browsers can be led astray, and they name their origin; another program may do as if it were the page.
  const origin = ask.headers.origin ?? settings.publicUrl?.origin ?? `http://${ask.headers.host}`
  const { visitor } = ask.identity
  if (!visitor) return signInRequired(settings)
  const asked = readBody(ask)
  if ('admitted' in asked) return asked
  const earlier = asked.conversation_id === undefined ? undefined : await readEarlier(asked.conversation_id, visitor, house)
  return earlier && 'admitted' in earlier ? earlier : grantTo(visitor, origin, asked, earlier, house)
}

/** All at once: from the look for room to the ticket nobody else has a turn. */
function grantTo(
  person: Person, origin: string, asked: Asked, earlier: WholeConversation | undefined, { house, tickets, calls, personas, ids }: CallHouse,
): CallGrant | Refusal {
  const wanted = asked.persona ?? earlier?.own.personaId ?? DEFAULT_PERSONA
  const then = personas.find(wanted)
  // Whom somebody names has to be there; of an old conversation somebody else may take over.
  const met = then ?? (asked.persona === undefined ? personas.find(DEFAULT_PERSONA) : undefined)
  if (!met) return { ...refusal(404, 'persona_not_found', 'There is no such persona here. GET /api/personas names those that there are.'), param: 'persona' }
  const full = refuseForRoom(house, person, met.able ? met.brain : undefined)
  if (full) return full
  if (!met.able) return refusal(503, 'persona_unavailable', met.why)
  const { persona, brain } = met
  const going = earlier && goingOn(earlier, asked.after_item_id, ids)
  if (earlier && !going) return { ...noItem, param: 'after_item_id' }
  if (going?.conversationId !== undefined && calls.inConversation(going.conversationId)) return conversationBusy
  const goesOn = going && { ...going, grant: { ...going.grant, persona_replaced: !then } }
  const claim = {
    callId: ids('call'), conversationId: going?.conversationId ?? ids('conv'), origin, person, persona: { id: persona.id, version: persona.version }, ...(goesOn && { goesOn }),
  }
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
    continued: goesOn?.grant ?? null,
  }
}

async function readEarlier(id: string, person: Person, { settings, store, journal, log }: CallHouse): Promise<WholeConversation | Refusal> {
  if (settings.journal.keeps === 'none') return nothingKept
  try {
    await journal.caughtUp(CAUGHT_UP_MS)
    return await readWhole(store, personKey(person), id) ?? { ...noConversation, param: 'conversation_id' }
  } catch (error) {
    return refusalOfTrouble(error, { log })
  }
}

function readBody({ headers, body }: CallAsk): Asked | Refusal {
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
    return refusal(400, 'invalid_value', `\`${where.slice(0, 64)}\` can't be that. It takes {"persona":"<id>","conversation_id":"<id>","after_item_id":"<id>","transport":"websocket" or "webrtc"}; each may be left out.`)
  }
  if (parsed.data.after_item_id !== undefined && parsed.data.conversation_id === undefined) {
    return { ...refusal(400, 'invalid_value', '`after_item_id` says where to branch off from the conversation that `conversation_id` names.'), param: 'conversation_id' }
  }
  return parsed.data
}
