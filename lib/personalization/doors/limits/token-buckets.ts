/** Token buckets: a rate over time that allows bursts. One for each id that came last, so that memory is bounded. */
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

/** Two generations of ids: when the young one has half of all, the old one is forgotten. An id that comes again moves to the young. */
export class TokenBuckets {
  readonly #clock: Clock
  readonly #perSecond: number
  readonly #maxYoung: number
  #young = new Map<string, TokenBucket>()
  #old = new Map<string, TokenBucket>()

  /** At most `maxIds` are known; the half of them that came last is. */
  constructor(clock: Clock, perSecond: number, maxIds: number) {
    this.#clock = clock
    this.#perSecond = perSecond
    this.#maxYoung = Math.ceil(maxIds / 2)
  }

  get size(): number {
    return this.#young.size + this.#old.size
  }

  /** As {@link TokenBucket.take}. An id that was forgotten has a full bucket again. */
  take(id: string, cost?: number): number {
    const nowMs = this.#clock.monotonicMs()
    return (this.#young.get(id) ?? this.#renew(id, nowMs)).take(nowMs, cost)
  }

  #renew(id: string, nowMs: number): TokenBucket {
    const bucket = this.#old.get(id) ?? new TokenBucket(this.#perSecond, nowMs)
    if (this.#young.size >= this.#maxYoung) {
      this.#old = this.#young
      this.#young = new Map()
    }
    this.#old.delete(id)
    this.#young.set(id, bucket)
    return bucket
  }
}
