/**
 * What may reach a model from a page, said a second time and in another way than the gate says it: by what the text parses to, field by field.
 * No schema, no code of the server.
 */

type Json = Record<string, unknown>

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)
const isText = (value: unknown): value is string => typeof value === 'string'
const isWhole = (value: unknown) => typeof value === 'number' && Number.isSafeInteger(value) && value >= 0

type Fields = Record<string, (field: unknown) => boolean>

/** `must` are there, `may` can be, nothing else is. */
function has(value: unknown, must: Fields, may: Fields = {}): boolean {
  if (!isObject(value) || Object.keys(must).some(key => !Object.hasOwn(value, key))) return false
  return Object.entries(value).every(([key, field]) => Object.hasOwn(must, key) ? must[key]!(field) : Object.hasOwn(may, key) && may[key]!(field))
}
const is = (wanted: unknown) => (value: unknown) => JSON.stringify(value) === JSON.stringify(wanted)
const within = (wanted: readonly unknown[]) => (value: unknown) => wanted.includes(value)

function isSpeech(audio: unknown): boolean {
  if (!isText(audio) || !/^[A-Za-z0-9+/]*={0,2}$/.test(audio)) return false
  const bytes = Buffer.from(audio, 'base64')
  return audio.length % 4 === 0 && audio.length === Math.ceil(bytes.length / 3) * 4 && bytes.length % 2 === 0
}
const isPicture = (url: unknown) => isText(url) && /^data:image\/(png|jpeg|webp);base64,[A-Za-z0-9+/]+={0,2}$/.test(url)
const isPart = (part: unknown) => has(part, { type: is('input_text'), text: isText })
  || has(part, { type: is('input_image'), image_url: isPicture }, { detail: within(['auto', 'low', 'high']) })
const isMessage = (item: unknown) =>
  has(item, { type: is('message'), role: is('user'), content: list => Array.isArray(list) && list.every(isPart) }, { id: id => isText(id) && /^[\w-]{1,32}$/.test(id) })

export interface PageOracleFacts {
  /** Items that the call has, or that the page made. */
  items: readonly string[]
  /** The turn detection that the server told of. */
  detections: readonly object[]
}

/** Whether a text that the gate passed is within what a page may say. */
export function pageMaySay(text: string, { items, detections }: PageOracleFacts): boolean {
  const event: unknown = JSON.parse(text)
  if (!isObject(event) || !isText(event.type)) return false
  const item = { item_id: within(items) }
  const fields: Record<string, [must: Fields, may?: Fields]> = {
    'input_audio_buffer.append': [{ audio: isSpeech }],
    'input_audio_buffer.commit': [{}],
    'input_audio_buffer.clear': [{}],
    'output_audio_buffer.clear': [{}],
    'response.create': [{}],
    'response.cancel': [{}, { response_id: id => isText(id) && id.length <= 128 }],
    'conversation.item.create': [{ item: isMessage }, { previous_item_id: within(['root', ...items]) }],
    'conversation.item.delete': [item],
    'conversation.item.truncate': [{ ...item, content_index: isWhole, audio_end_ms: ms => isWhole(ms) && (ms as number) <= 86_400_000 }],
    'session.update': [{
      session: value => has(value, { type: is('realtime') }, {
        audio: audio => has(audio, {}, {
          input: input => has(input, {}, { turn_detection: asked => asked === null || detections.some(told => sameFields(told, asked)) }),
          output: output => has(output, {}),
        }),
      }),
    }],
  }
  if (!Object.hasOwn(fields, event.type)) return false
  const [must, may = {}] = fields[event.type]!
  return has(event, { type: isText, ...must }, { event_id: id => isText(id) && id.length <= 512, ...may })
}

const sameFields = (a: object, b: unknown) => isObject(b) && is(Object.entries(a).sort())(Object.entries(b).sort())
