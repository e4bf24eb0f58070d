import type { AccessInfo } from '../../shared/access.ts'

/** Who may talk and who is here, as the server told it with the page. The fallback shows only where no server said anything (the gallery). */
export function useAccess() {
  return useState<AccessInfo>('access', () => {
    const told = import.meta.server ? useRequestEvent()?.context.access as AccessInfo | undefined : undefined
    return told ?? { signIn: { needed: false, ways: [] }, person: { name: undefined, by: 'anonymous' } }
  })
}
