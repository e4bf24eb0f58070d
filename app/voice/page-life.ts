/** What a page lives through while a call goes on: hidden, frozen, back again, touched. */
export interface PageLife {
  readonly visible: boolean
  /** A touch, click or key, in the moment in which a browser lets a page begin to sound. Returns the way out. */
  onGesture(listener: () => void): () => void
  /** Visible, focused, thawed or back from the browser's store of pages. Returns the way out. */
  onReturn(listener: () => void): () => void
}

/** Browsers differ in which of them counts as a gesture; asking at each is harmless. */
const gestures = ['pointerdown', 'pointerup', 'touchend', 'click', 'keydown'] as const

/** @param page Where the events come from; a test brings its own. */
export function pageLife(page: { window: EventTarget, document: EventTarget & { visibilityState: DocumentVisibilityState } } = { window, document }): PageLife {
  const listen = (target: EventTarget, types: readonly string[], listener: () => void) => {
    // Before the page's own listeners, which may stop an event.
    for (const type of types) target.addEventListener(type, listener, { capture: true, passive: true })
    return () => { for (const type of types) target.removeEventListener(type, listener, { capture: true }) }
  }
  const visible = () => page.document.visibilityState !== 'hidden'
  return {
    get visible() { return visible() },
    onGesture: listener => listen(page.window, gestures, listener),
    onReturn(listener) {
      const leave = [
        listen(page.document, ['visibilitychange'], () => { if (visible()) listener() }),
        listen(page.document, ['resume'], listener),
        listen(page.window, ['focus', 'pageshow'], listener),
      ]
      return () => { for (const stop of leave) stop() }
    },
  }
}

/** A page without a browser around it: nothing ever happens to it. */
export const lifelessPage: PageLife = { visible: true, onGesture: () => () => {}, onReturn: () => () => {} }
