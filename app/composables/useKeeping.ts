import type { KeepingInfo } from '../../shared/keeping.ts'

/** What this server keeps of conversations, as it told with the page. The fallback shows only where no server said anything (the gallery). */
export function useKeeping() {
  return useState<KeepingInfo>('keeping', () => {
    const told = import.meta.server ? useRequestEvent()?.context.keeping as KeepingInfo | undefined : undefined
    return told ?? { keeps: 'none', days: 0 }
  })
}
