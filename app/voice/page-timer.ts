/** Calls back once after `delayMs`. @returns the way out */
export function setTimerOfPage(callback: () => void, delayMs: number): () => void {
  const timer = setTimeout(callback, delayMs)
  return () => clearTimeout(timer)
}
