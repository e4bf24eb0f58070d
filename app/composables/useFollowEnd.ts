import { useEventListener, useResizeObserver } from '@vueuse/core'
import type { Ref } from 'vue'

/** Close enough to the end to mean "at the end". */
const endPx = 12
/** This far up, someone is reading; more than the stage gives back when it collapses, or the two would chase each other. */
const readingPx = 260

/**
 * Keeps a scrolling element at its end while it grows, until its reader scrolls up; then leaves it alone until they come back.
 * `reading` turns true well away from the end and false only at the end.
 */
export function useFollowEnd(scroller: Readonly<Ref<HTMLElement | null>>, content: Readonly<Ref<HTMLElement | null>>) {
  const reading = shallowRef(false)
  let following = true
  let lastTop = 0

  const distance = (element: HTMLElement) => element.scrollHeight - element.scrollTop - element.clientHeight

  function toEnd(): void {
    const element = scroller.value
    if (!element) return
    following = true
    reading.value = false
    element.scrollTop = element.scrollHeight
    lastTop = element.scrollTop
  }

  useEventListener(scroller, 'scroll', () => {
    const element = scroller.value!
    const left = distance(element)
    // Only a move upwards is the reader's: content that grows lengthens the way to the end without one.
    if (left <= endPx) following = true
    else if (element.scrollTop < lastTop - 2) following = false
    lastTop = element.scrollTop
    if (following) reading.value = false
    else if (left > readingPx) reading.value = true
  }, { passive: true })
  const settle = () => { if (following) toEnd() }
  useResizeObserver(content, settle)
  useResizeObserver(scroller, settle)

  return { reading, toEnd }
}
