/** Milliseconds as m:ss, hours when there are any. */
export function minutesSeconds(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  const two = (n: number) => String(n).padStart(2, '0')
  const minutes = Math.floor(seconds / 60)
  return minutes < 60 ? `${minutes}:${two(seconds % 60)}` : `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(seconds % 60)}`
}

/** Milliseconds as seconds with one decimal. */
export function tenths(ms: number): string {
  return (Math.max(0, ms) / 1000).toFixed(1)
}
