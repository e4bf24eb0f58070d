import { useEventListener } from '@vueuse/core'
import { keyCommand, keyTarget } from './call-keys.ts'
import type { KeyCommand } from './call-keys.ts'

/** Listens for the page's keys. `hold` is told twice: when Space goes down, and when it goes up or the window loses the keyboard. */
export function useCallKeys(act: (command: Exclude<KeyCommand, 'hold'>) => void, hold: (down: boolean) => void): void {
  let holding = false

  function release(): void {
    if (!holding) return
    holding = false
    hold(false)
  }

  useEventListener('keydown', (event: KeyboardEvent) => {
    const target = keyTarget(event.target instanceof Element ? event.target : null)
    // A held Space repeats, and each repeat would scroll the page.
    if (holding && event.key === ' ') return event.preventDefault()
    const command = keyCommand(event, target)
    if (!command) return
    if (command !== 'interrupt') event.preventDefault()
    if (command !== 'hold') return act(command)
    holding = true
    hold(true)
  })
  useEventListener('keyup', (event: KeyboardEvent) => { if (event.key === ' ') release() })
  useEventListener('blur', release)
  useEventListener(() => typeof document === 'undefined' ? undefined : document, 'visibilitychange', () => { if (document.hidden) release() })
  onScopeDispose(release)
}
