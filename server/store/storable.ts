/** PostgreSQL takes no NUL in a text, and neither database half a character. What can't be kept is seen as U+FFFD. */
export const storableText = (text: string) => text.toWellFormed().replaceAll('\0', '\ufffd')

export const storable = (value: unknown) => typeof value === 'string' ? storableText(value) : value

/** Controls, and the signs that turn the direction of what follows them, would reach beyond the title. */
// eslint-disable-next-line no-control-regex -- it is about controls
const UNFIT = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\s]+/gu
const MAX_TITLE = 200
const MAX_SUMMARY = 2000

const shortened = (text: string, max: number) => {
  const signs = [...text]
  return signs.length <= max ? text : `${signs.slice(0, max - 1).join('')}…`
}

/** One line of at most 200 characters; null: nothing is left. */
export function titleText(title: string): string | null {
  return shortened(storableText(title.replace(UNFIT, ' ').trim()), MAX_TITLE) || null
}

export const summaryText = (summary: string | null): string | null => summary === null
  ? null
  : shortened(storableText(summary.replace(UNFIT, ' ').trim()), MAX_SUMMARY) || null

/** Databases count whole milliseconds. */
export const wholeMs = (ms: number) => Number.isFinite(ms) ? Math.round(ms) : 0
export const wholeMsOrNull = (ms: number | null) => ms === null ? null : wholeMs(ms)
