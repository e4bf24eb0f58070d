import type { BrainInfo } from '../../shared/brain.ts'

/** Who answers, as the server told it with the page. The fallback shows only where no server said anything (the gallery). */
export function useBrain() {
  return useState<BrainInfo>('brain', () => {
    const told = import.meta.server ? useRequestEvent()?.context.brain as BrainInfo | undefined : undefined
    return told ?? { brain: 'local', model: 'kaiwa-local', hearing: { able: true, by: 'unknown' } }
  })
}
