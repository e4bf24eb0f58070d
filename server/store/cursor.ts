import { StoreError } from './store.ts'

/** The place after which a list goes on: the sort key of its last entry, so that what is added or deleted elsewhere moves nothing. */
export type Place = readonly (string | number)[]

export const cursorOf = (place: Place) => Buffer.from(JSON.stringify(place)).toString('base64url')

/**
 * @param kinds what the place consists of
 * @throws StoreError `bad_query` when this server never gave such a cursor
 */
export function placeOf(cursor: string, kinds: readonly ('string' | 'number')[]): Place {
  try {
    const place: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString())
    if (Array.isArray(place) && place.length === kinds.length && place.every((part, at) => typeof part === kinds[at])) return place
  } catch { /* Told below. */ }
  throw new StoreError('bad_query', 'The place to go on from is none that this server gave; begin the list anew.')
}

const MAX_LIMIT = 100

/** @throws StoreError `bad_query` */
export function boundedLimit(limit: number): number {
  if (!Number.isSafeInteger(limit) || limit < 1) throw new StoreError('bad_query', 'A list takes a limit that is a whole number from 1.')
  return Math.min(limit, MAX_LIMIT)
}

/** @param rows one more than `limit`, if there are */
export function pageOf<R, T>(rows: readonly R[], limit: number, place: (row: R) => Place, entry: (row: R) => T) {
  const shown = rows.slice(0, limit)
  return { entries: shown.map(entry), next: rows.length > limit ? cursorOf(place(shown.at(-1)!)) : null }
}
