import type { InputImagePart, InputTextPart, ItemDraft, ServerError } from '@kaiwa/protocol'
import { wireError } from '@kaiwa/protocol/errors'
import { base64Bytes } from './base64-bytes.ts'
import { notAllowed } from './not-allowed.ts'

/** What is left of an item that a page may create. */
export interface UserMessage { type: 'message', role: 'user', id?: string, content: (InputTextPart | InputImagePart)[] }
export type UserMessageReading = { ok: true, item: UserMessage } | { ok: false, error: ServerError }

const ownId = /^[\w-]{1,32}$/
/** A picture that comes with the message. An address would have the model's side fetch whatever the page names. */
const pictureHead = /^data:image\/(?:png|jpeg|webp);base64,/

/** An item as the schema knows it → a user's message of text and pictures, or why it isn't one. */
export function readUserMessage(draft: ItemDraft): UserMessageReading {
  if (draft.type !== 'message') return { ok: false, error: notAllowed(`An item of type '${draft.type}'`, 'item.type') }
  if (draft.role !== 'user') return { ok: false, error: notAllowed(`A message with the role '${draft.role}'`, 'item.role') }
  if (draft.id !== undefined && !ownId.test(draft.id)) {
    return { ok: false, error: wireError('invalid_value', 'Invalid \'item.id\': expected up to 32 letters, digits, _ and -.', { param: 'item.id' }) }
  }
  const content: UserMessage['content'] = []
  for (const [index, part] of draft.content.entries()) {
    const param = `item.content[${index}]`
    if (part.type === 'input_text') content.push({ type: part.type, text: part.text })
    else if (part.type === 'input_image') {
      const error = pictureFault(part.image_url, `${param}.image_url`)
      if (error) return { ok: false, error }
      content.push({ type: part.type, image_url: part.image_url, ...(part.detail !== undefined && { detail: part.detail }) })
    } else return { ok: false, error: notAllowed(`A part of type '${part.type}'`, `${param}.type`) }
  }
  return { ok: true, item: { type: 'message', role: 'user', ...(draft.id !== undefined && { id: draft.id }), content } }
}

function pictureFault(url: string, param: string): ServerError | undefined {
  const head = pictureHead.exec(url)
  if (!head) return notAllowed('A picture that is not a data: URL of PNG, JPEG or WebP', param)
  const bytes = base64Bytes(url, head[0].length, url.length)
  return bytes ? undefined : wireError('invalid_value', `Invalid '${param}': expected the picture in base64.`, { param })
}
