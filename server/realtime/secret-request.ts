import type { RealtimeSession, ServerError, SessionUpdateEvent, TranscriptionSession } from '@kaiwa/protocol'
import { checkClientEvent, wireErrorOf } from '@kaiwa/protocol/client-event-schema'
import { wireError } from '@kaiwa/protocol/errors'
import { z } from 'zod'
import type { ClientSecrets } from '../auth/client-secret.ts'
import { bearerIn } from '../auth/bearer.ts'
import type { Identity } from '../auth/identify.ts'
import type { BrainSettings } from '../config/settings.ts'
import { isModelName, programOf, refuseForOrigin, type House, type Knock, type Refusal } from './admission.ts'

export interface SecretAsk {
  headers: Knock['headers'] & { 'content-type'?: string }
  identity: Pick<Identity, 'program' | 'caller'>
  /** The body's text; longer than `MAX_SECRET_BODY_CHARS` it is refused. */
  body: string
}

/** Long instructions and many tools fit. */
export const MAX_SECRET_BODY_CHARS = 256 * 1024
const DEFAULT_LIFE_S = 600

/** Answer of `POST /v1/realtime/client_secrets` (200). */
export interface SecretGrant {
  value: string
  /** Unix seconds: until then sessions may begin. */
  expires_at: number
  /** As it will begin; its own `expires_at` is 0. */
  session: RealtimeSession | TranscriptionSession
}

type Asked = SessionUpdateEvent['session'] | undefined
type Plan = { ok: true, session: RealtimeSession | TranscriptionSession } | { ok: false, error: ServerError }

export interface SecretHouse {
  house: Pick<House, 'draining'>
  settings: House['settings'] & { brain: Pick<BrainSettings, 'kind' | 'model' | 'voice'> }
  secrets: ClientSecrets
  ids: (prefix: string) => string
  /** The session that would begin with these defaults, or why it can't. */
  planSession(facts: { id: string, model: string, voice: string }, asked: Asked): Plan
}

const bodySchema = z.strictObject({
  expires_after: z.strictObject({ anchor: z.enum(['created_at']).optional(), seconds: z.int().min(10).max(7200).optional() }).optional(),
  session: z.unknown().optional(),
})

type Read = { ok: true, lifeMs: number, session: Asked } | { ok: false, error: ServerError }

/** `POST /v1/realtime/client_secrets`: a secret that starts sessions with the settings it was made with. */
export function grantSecret(ask: SecretAsk, { house, settings, secrets, ids, planSession }: SecretHouse): SecretGrant | Refusal {
  const misplaced = refuseForOrigin(ask.headers, settings)
  if (misplaced) return misplaced
  const minter = programOf({ kind: bearerIn(ask.headers) === undefined ? 'none' : 'key' }, ask.identity, settings)
  if ('code' in minter) return minter
  if (house.draining) return { admitted: false, status: 503, code: 'server_draining', message: 'The server is stopping and gives no new secrets. Try again in a moment.', retryAfterSeconds: 5 }
  const read = readAsk(ask)
  if (!read.ok) return refused(read.error)
  const { kind, model, voice } = settings.brain
  const { session } = read
  const asked = session?.type === 'realtime' ? session.model : undefined
  const plan = planFor(kind, planned => planSession({ id: ids('sess'), model: asked ?? model, voice }, planned), session)
  if (!plan.ok) return refused(plan.error)
  const issued = secrets.issue({ session, person: minter.person }, read.lifeMs)
  if (!issued) return { admitted: false, status: 503, code: 'server_full', message: 'Too many secrets are still good. Try again in a minute.', retryAfterSeconds: 60 }
  return { value: issued.value, expires_at: Math.floor(issued.expiresAtMs / 1000), session: plan.session }
}

const refused = ({ code, message, param }: ServerError): Refusal => ({ admitted: false, status: 400, code: code ?? 'invalid_value', message, param: param ?? null })

/** Whether log probabilities can be had is an upstream's to say: they are left out of the plan and shown as asked. */
function planFor(kind: BrainSettings['kind'], plan: (asked: Asked) => Plan, asked: Asked): Plan {
  if (kind === 'local' || !asked?.include) return plan(asked)
  const { include, ...rest } = asked
  const planned = plan(rest)
  return planned.ok ? { ok: true, session: { ...planned.session, include } } : planned
}

function readAsk({ headers, body }: SecretAsk): Read {
  if (body.length > MAX_SECRET_BODY_CHARS) return { ok: false, error: wireError('invalid_value', `The body is longer than the ${MAX_SECRET_BODY_CHARS} characters allowed.`) }
  if (!body) return { ok: true, lifeMs: DEFAULT_LIFE_S * 1000, session: undefined }
  // A form can't send this type across sites without asking first.
  if (!/^application\/json\b/i.test(headers['content-type'] ?? '')) {
    return { ok: false, error: wireError('invalid_value', 'The body has to be JSON (Content-Type: application/json).') }
  }
  let value: unknown
  try {
    value = JSON.parse(body)
  } catch {
    return { ok: false, error: wireError('invalid_json', 'The body is not JSON.') }
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { ok: false, error: wireError('invalid_value', 'The body has to be a JSON object.') }
  return readFields(value)
}

function readFields(value: object): Read {
  const parsed = bodySchema.safeParse(value)
  if (!parsed.success) return { ok: false, error: wireErrorOf(parsed.error.issues[0]!, value) }
  const { session, expires_after: life } = parsed.data
  const lifeMs = (life?.seconds ?? DEFAULT_LIFE_S) * 1000
  if (session === undefined) return { ok: true, lifeMs, session }
  const asked = readSession(session)
  return asked.ok ? { ok: true, lifeMs, session: asked.session } : asked
}

/** A session's configuration in a body: the same words, limits and errors as in the event that could say it later. */
export function readSession(session: unknown): { ok: true, session: NonNullable<Asked> } | { ok: false, error: ServerError } {
  const checked = checkClientEvent({ type: 'session.update', session })
  if (!checked.ok) return { ok: false, error: checked.error }
  const asked = (checked.event as SessionUpdateEvent).session
  if (asked.type === 'realtime' && asked.model !== undefined && !isModelName(asked.model)) {
    return { ok: false, error: wireError('invalid_value', 'That is not a model\'s name.', { param: 'session.model' }) }
  }
  return { ok: true, session: asked }
}
