/** Full ⇒ who talked longest ago is forgotten. */
const MAX_NAMES = 10_000

/** What those who talked since the start are called, for an operator's eyes. In memory only: names are written down nowhere. */
export function createPersonNames(): { note(key: string, name: string): void, of(key: string): string | undefined } {
  const names = new Map<string, string>()
  return {
    note(key, name) {
      names.delete(key)
      names.set(key, name)
      if (names.size > MAX_NAMES) names.delete(names.keys().next().value!)
    },
    of: key => names.get(key),
  }
}
