/** Rows of one statement: more would keep the main thread busy while it is put together. */
const MAX_ROWS = 50

export async function inChunks<T>(rows: readonly T[], work: (chunk: T[]) => Promise<unknown>, size = MAX_ROWS): Promise<void> {
  for (let at = 0; at < rows.length; at += size) await work(rows.slice(at, at + size))
}
