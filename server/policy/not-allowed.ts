import type { ServerError } from '@kaiwa/protocol'
import { shortened, wireError } from '@kaiwa/protocol/errors'

const pageMay = 'A page may append, commit and clear audio, create user messages of text and images, create and cancel responses, truncate and delete items of its own call, clear output audio, and change the session fields that are free.'

/** @param what The thing refused, as the subject of a sentence. */
export const notAllowed = (what: string, param: string): ServerError => wireError('event_not_allowed', `${what} is not allowed here. ${pageMay}`, { param: shortened(param) })
