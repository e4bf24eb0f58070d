import type { SessionUpdateEvent } from '@kaiwa/protocol'
import { MAX_SDP_BYTES } from '../relay/sdp.ts'
import { refusal, type Refusal } from './admission.ts'
import { MAX_SECRET_BODY_CHARS, readSession } from './secret-request.ts'

export interface OfferBody { sdp: string, session: SessionUpdateEvent['session'] | undefined }

/** An offer, a session as long as a secret's, and what a form puts around them. */
export const MAX_OFFER_BODY_CHARS = MAX_SDP_BYTES + MAX_SECRET_BODY_CHARS + 4096
const FIELDS = new Set(['sdp', 'session'])

/** The offer, raw (`application/sdp`) or in a form with what the session is to be (`multipart/form-data`: `sdp`, `session`). */
export async function readOfferBody(contentType = '', body: string): Promise<OfferBody | Refusal> {
  if (body.length > MAX_OFFER_BODY_CHARS) return refusal(400, 'body_too_large', 'The body is too long for an SDP offer and a session.')
  if (/^application\/sdp\b/i.test(contentType)) return { sdp: body, session: undefined }
  if (!/^multipart\/form-data\b/i.test(contentType)) {
    return refusal(400, 'invalid_content_type', 'The body has to be an SDP offer (Content-Type: application/sdp), or a form with `sdp` and `session` (multipart/form-data).')
  }
  try {
    const form = await new Response(body, { headers: { 'content-type': contentType } }).formData()
    return await readForm(form)
  } catch {
    return refusal(400, 'invalid_value', 'The form could not be read.')
  }
}

async function readForm(form: FormData): Promise<OfferBody | Refusal> {
  const names = [...form.keys()]
  if (names.some(name => !FIELDS.has(name)) || names.length > new Set(names).size) return refusal(400, 'invalid_value', 'The form takes `sdp` and `session`, each once.')
  const sdp = await textOf(form.get('sdp'))
  if (sdp === undefined) return { ...refusal(400, 'missing_required_parameter', 'The form has no `sdp`.'), param: 'sdp' }
  const json = await textOf(form.get('session'))
  if (json === undefined) return { sdp, session: undefined }
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch {
    return { ...refusal(400, 'invalid_json', '`session` is not JSON.'), param: 'session' }
  }
  const read = readSession(value)
  return read.ok ? { sdp, session: read.session } : { ...refusal(400, read.error.code ?? 'invalid_value', read.error.message), param: read.error.param }
}

/** A part with a file name comes as a file. */
const textOf = async (part: FormDataEntryValue | null) => part === null ? undefined : typeof part === 'string' ? part : await part.text()
