/** Percentiles of the last minute: a histogram per second with exponential buckets, added up on request. */

/** Each bucket is this much wider than the one before: a percentile is at most 5 % too high. */
const GROWTH = 1.05
const SMALLEST_MS = 0.1
const BUCKETS = 300
const LOG_GROWTH = Math.log(GROWTH)

export interface LivePercentiles {
  readonly p50: number
  readonly p99: number
  /** How many measurements stand behind the figures. */
  readonly count: number
}

export class LatencyWindow {
  readonly #seconds: Uint32Array[]
  #at = 0

  constructor(windowSeconds = 60) {
    this.#seconds = Array.from({ length: windowSeconds }, () => new Uint32Array(BUCKETS))
  }

  record(latencyMs: number): void {
    const index = latencyMs <= SMALLEST_MS ? 0 : Math.ceil(Math.log(latencyMs / SMALLEST_MS) / LOG_GROWTH)
    this.#seconds[this.#at]![Math.min(BUCKETS - 1, index)]! += 1
  }

  /** To be called once a second: the oldest second is forgotten. */
  advance(): void {
    this.#at = (this.#at + 1) % this.#seconds.length
    this.#seconds[this.#at]!.fill(0)
  }

  /** Null while nothing was measured. In milliseconds, upper bounds of their buckets. */
  percentiles(): LivePercentiles | null {
    const sums = new Uint32Array(BUCKETS)
    let count = 0
    for (const second of this.#seconds) {
      for (let i = 0; i < BUCKETS; i++) {
        sums[i]! += second[i]!
        count += second[i]!
      }
    }
    return count === 0 ? null : { p50: valueAt(sums, count * 0.5), p99: valueAt(sums, count * 0.99), count }
  }
}

function valueAt(sums: Uint32Array, rank: number): number {
  let passed = 0
  let index = 0
  while (index < BUCKETS - 1) {
    passed += sums[index]!
    if (passed >= rank) break
    index += 1
  }
  return Number((SMALLEST_MS * GROWTH ** index).toPrecision(3))
}
