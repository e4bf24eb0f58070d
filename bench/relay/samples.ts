/** Latencies of one window, in microseconds. Memory for a million; later ones are counted, not kept. */
export interface Samples { add(micros: number): void, clear(): void, summary(): LatencySummary }

export interface LatencySummary { count: number, p50Ms: number, p99Ms: number }

const KEPT = 1_000_000

/** The value below which the share `q` of a sorted list lies. */
export const quantileOf = (sorted: ArrayLike<number>, q: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN

export const median = (values: readonly number[]) => quantileOf(values.toSorted((a, b) => a - b), 0.5)

export function createSamples(): Samples {
  const kept = new Float64Array(KEPT)
  let count = 0
  return {
    add(micros) { kept[count % KEPT] = micros; count++ },
    clear() { count = 0 },
    summary() {
      const sorted = kept.slice(0, Math.min(count, KEPT)).sort()
      return { count, p50Ms: quantileOf(sorted, 0.5) / 1000, p99Ms: quantileOf(sorted, 0.99) / 1000 }
    },
  }
}
