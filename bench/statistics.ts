/** Statistics of samples. */

/** The middle value, or the mean of the two in the middle; NaN of nothing. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const half = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2
}

export function range(values: readonly number[]): [number, number] {
  return [Math.min(...values), Math.max(...values)]
}

/** The nearest-rank percentile (0 < `share` <= 1) of values sorted upwards; NaN of nothing. */
export function percentile(sorted: Float64Array, share: number): number {
  return sorted.length === 0 ? Number.NaN : sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]!
}

export interface Latencies {
  readonly n: number
  readonly p50: number
  readonly p99: number
  readonly p999: number
  readonly mean: number
  readonly max: number
}

/** In the unit of the samples, to two decimals. */
export function latencies(samples: readonly number[]): Latencies {
  const sorted = Float64Array.from(samples).sort()
  let sum = 0
  for (const value of sorted) sum += value
  return {
    n: sorted.length,
    p50: round(percentile(sorted, 0.5), 2),
    p99: round(percentile(sorted, 0.99), 2),
    p999: round(percentile(sorted, 0.999), 2),
    mean: round(sum / sorted.length, 2),
    max: round(sorted[sorted.length - 1] ?? Number.NaN, 2),
  }
}

/** What JSON can carry: NaN and infinities become null there. */
export function round(value: number, decimals: number): number {
  return Number(value.toFixed(decimals))
}
