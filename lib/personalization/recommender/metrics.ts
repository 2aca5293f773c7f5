/**
 * The quality of next-item recommendations: hit rate and mean reciprocal rank at a list length, tested before learning.
 */
import type { ItemId } from './recommender.js'

/** `hitRate20` and `mrr20` are null while nothing has been judged. */
export interface NextItemScore {
  /** Share of views of an item that was among the 20 recommended before; null: no data. */
  readonly hitRate20: number | null
  /** Mean reciprocal rank of these items; null: no data. */
  readonly mrr20: number | null
  /** Predictions judged. */
  readonly n: number
}

/** List length at which the figures are taken. */
const JUDGED_ITEMS = 20

/** Adds up judged predictions; order plays no part. */
export class NextItemMetrics {
  #hits = 0
  #reciprocalRanks = 0
  #n = 0

  /** `ranked` was recommended, best first; `actual` is the item viewed next. Items past the 20th do not count. */
  record(ranked: readonly ItemId[], actual: ItemId): void {
    this.#n++
    const place = ranked.indexOf(actual)
    if (place < 0 || place >= JUDGED_ITEMS) return
    this.#hits++
    this.#reciprocalRanks += 1 / (place + 1)
  }

  score(): NextItemScore {
    if (this.#n === 0) return { hitRate20: null, mrr20: null, n: 0 }
    return { hitRate20: hitRate(this.#hits, this.#n), mrr20: mrr(this.#reciprocalRanks, this.#n), n: this.#n }
  }
}

/** Share of predictions whose item was listed. */
function hitRate(hits: number, n: number): number {
  return hits / n
}

/** Mean of 1/place over all predictions, 0 where the item was not listed. */
function mrr(sumOfReciprocalRanks: number, n: number): number {
  return sumOfReciprocalRanks / n
}

/**
 * Judges each session's latest decision by the item it views next. Sessions are remembered up to `maxSessions`
 * (default 50,000); the one idle for longest is forgotten unjudged.
 */
export class NextItemJudge {
  readonly metrics = new NextItemMetrics()
  readonly #maxSessions: number
  readonly #latest = new Map<string, readonly ItemId[]>()

  constructor(maxSessions = 50_000) {
    this.#maxSessions = maxSessions
  }

  /** A view by the session: judges what was recommended before it. Call this before `decided` for the same view. */
  viewed(sessionId: string, itemId: ItemId): void {
    const ranked = this.#latest.get(sessionId)
    if (ranked === undefined) return
    this.#latest.delete(sessionId)
    this.metrics.record(ranked, itemId)
  }

  /** What was recommended in the session; an empty list is judged too, as a miss. */
  decided(sessionId: string, ranked: readonly ItemId[]): void {
    this.#latest.delete(sessionId)
    if (this.#latest.size >= this.#maxSessions) this.#latest.delete(this.#latest.keys().next().value as string)
    this.#latest.set(sessionId, ranked)
  }
}
