/** The newest `max` of what was added. */
export function createRecent(max: number): { has: (id: string) => boolean, add: (id: string) => void } {
  const members = new Set<string>()
  return {
    has: id => members.has(id),
    add(id) {
      members.delete(id)
      members.add(id)
      for (const oldest of members) {
        if (members.size <= max) return
        members.delete(oldest)
      }
    },
  }
}
