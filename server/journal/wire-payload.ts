/** What a replay's inspector shows of one event. */
const MAX_PAYLOAD_CHARS = 4096
const MAX_STRING_CHARS = 1024
/** An item's own text; longer ones are cut. */
const MAX_ITEM_CHARS = 1024 * 1024

/** Fields that hold sound; and those that open doors: of MCP tools, of `session.created` in older forms. */
const AUDIO = new Set(['audio', 'delta'])
const SECRET = /^(authorization|headers|client_secret|api_?key|token|ticket|password)$/i

/** No event of the API is half as deep. Who writes JSON goes down level by level, and a thousandfold depth would be the end of its stack. */
const MAX_DEPTH = 64

/**
 * An event or item as JSON without audio and without what opens doors.
 * @param maxStringChars longer texts are cut, and say so
 */
export function withoutSound(value: unknown, maxStringChars = MAX_ITEM_CHARS): string {
  const depths = new Map<unknown, number>()
  return JSON.stringify(value, function (this: unknown, key, field: unknown) {
    if (typeof field === 'object' && field !== null) {
      const depth = (depths.get(this) ?? 0) + 1
      if (depth > MAX_DEPTH) return '[deeper]'
      depths.set(field, depth)
    }
    if (SECRET.test(key)) return typeof field === 'object' && field === null ? null : '[secret]'
    if (typeof field !== 'string') return field
    if (AUDIO.has(key) && field.length > 0) return `[audio: ${field.length} characters]`
    if (field.startsWith('data:') && field.length > 256) return `[data: ${field.length} characters]`
    return field.length <= maxStringChars ? field : `${cut(field, maxStringChars)}… (${field.length} characters)`
  })
}

/** Never in the middle of a pair of surrogates. */
export const cut = (text: string, chars: number) => text.slice(0, /[\ud800-\udbff]/.test(text[chars - 1] ?? '') ? chars - 1 : chars)

/** One event for the inspector, at most 4 kB; what is longer keeps its beginning, as JSON that says that it was cut. */
export function wirePayload(event: { type: string }): string {
  const whole = withoutSound(event, MAX_STRING_CHARS)
  if (whole.length <= MAX_PAYLOAD_CHARS) return whole
  return JSON.stringify({ type: event.type, cut: whole.length, beginning: cut(whole, MAX_PAYLOAD_CHARS / 2) })
}
