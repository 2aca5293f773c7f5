/** Token buckets: a rate over time that allows bursts. One for each id, the ones used last, so that memory is bounded. */
import type { Clock } from '../../../index.js'

/** A full bucket has the tokens of this many seconds. */
const BURST_SECONDS = 2

/** Times in `monotonicMs`. */
export class TokenBucket {
  readonly #perSecond: number
  #tokens: number
  #atMs: number

  constructor(perSecond: number, nowMs: number) {
    this.#perSecond = perSecond
    this.#tokens = perSecond * BURST_SECONDS
    this.#atMs = nowMs
  }

  /**
   * Takes `cost` tokens and returns 0; or takes nothing and returns in how many seconds there are enough. If the cost is more
   * than a full bucket, a full one is enough, and the rest is taken from what comes later.
   */
  take(nowMs: number, cost = 1): number {
    const full = this.#perSecond * BURST_SECONDS
    this.#tokens = Math.min(full, this.#tokens + (Math.max(0, nowMs - this.#atMs) / 1_000) * this.#perSecond)
    this.#atMs = nowMs
    const missing = Math.min(cost, full) - this.#tokens
    if (missing > 0) return missing / this.#perSecond
    this.#tokens -= cost
    return 0
  }
}

export class TokenBuckets {
  readonly #clock: Clock
  readonly #perSecond: number
  readonly #maxIds: number
  /** Id → its bucket, the one used last at the end. */
  readonly #buckets = new Map<string, TokenBucket>()

  constructor(clock: Clock, perSecond: number, maxIds: number) {
    this.#clock = clock
    this.#perSecond = perSecond
    this.#maxIds = maxIds
  }

  get size(): number {
    return this.#buckets.size
  }

  /** As {@link TokenBucket.take}. An id that was forgotten has a full bucket again. */
  take(id: string, cost?: number): number {
    const nowMs = this.#clock.monotonicMs()
    const buckets = this.#buckets
    const known = buckets.get(id)
    if (known !== undefined) buckets.delete(id)
    const bucket = known ?? new TokenBucket(this.#perSecond, nowMs)
    buckets.set(id, bucket)
    if (buckets.size > this.#maxIds) buckets.delete(buckets.keys().next().value!)
    return bucket.take(nowMs, cost)
  }
}
