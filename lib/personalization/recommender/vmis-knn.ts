/**
 * VMIS-kNN, the session-based nearest-neighbour recommender of Serenade (Kersbergen, Sprangers, Schelter, SIGMOD 2022),
 * kept up to date per event instead of built by a batch.
 *
 * Neighbours are the sessions that share one of the last items of the evolving session, weighed by how recently that
 * item was seen; the k best vote for their items, damped by where the newest shared item stands and by the item's idf.
 */

import {
  type Candidate,
  DEFAULT_COUNT,
  type ItemId,
  type ItemRecommender,
  type RecommendOptions,
} from './recommender.js'
import { topOf } from './top-k.js'
import { SessionIndex } from './vmis-knn-index.js'

/** Parameters of VMIS-kNN. */
export interface VmisKnnOptions {
  /** m: most recent sessions considered, per item and in all; default 1502 (published for the bol.com sessions). */
  readonly recentSessions?: number
  /** k: neighbours that vote; default 288. */
  readonly neighbours?: number
  /** Distinct items of the evolving session that count, latest first; default 4. */
  readonly lastItems?: number
  /** How much an item's rarity lifts its score (1 + weight * idf is its factor); 0 turns it off; default 2. */
  readonly idfWeight?: number
  /** Default 200,000 sessions. */
  readonly maxSessions?: number
  /** Default 100 distinct items. */
  readonly maxItemsPerSession?: number
  /** Default 60 days of event time, in milliseconds. */
  readonly sessionTtlMs?: number
}

const DAY_MS = 86_400_000

export class VmisKnn implements ItemRecommender {
  readonly #m: number
  readonly #k: number
  readonly #lastItems: number
  readonly #idfWeight: number
  readonly #index: SessionIndex
  /** Scratch, all zero between calls. Per session slot: similarity, and the place (1 = latest) of the newest shared item. */
  readonly #similarity: number[] = []
  readonly #place: number[] = []
  readonly #score: number[] = []

  constructor(options: VmisKnnOptions = {}) {
    this.#m = options.recentSessions ?? 1502
    this.#k = options.neighbours ?? 288
    this.#lastItems = options.lastItems ?? 4
    this.#idfWeight = options.idfWeight ?? 2
    this.#index = new SessionIndex({
      maxSessions: options.maxSessions ?? 200_000,
      maxItemsPerSession: options.maxItemsPerSession ?? 100,
      // One more than needed: the visitor's own session may be among them.
      sessionsPerItem: this.#m + 1,
      sessionTtlMs: options.sessionTtlMs ?? 60 * DAY_MS,
    })
  }

  /** Sessions and distinct items held now. */
  get size(): { sessions: number; items: number } {
    return { sessions: this.#index.sessions, items: this.#index.items }
  }

  learn(sessionId: string, itemId: ItemId, atMs: number): void {
    this.#index.add(sessionId, itemId, atMs)
  }

  recommend(sessionItems: readonly ItemId[], options: RecommendOptions = {}): Candidate[] {
    const last = latestDistinct(sessionItems, this.#lastItems)
    const neighbours = this.#neighbours(last, options.sessionId)
    const touched = this.#vote(neighbours)
    const score = this.#score
    const sessions = this.#index.sessions
    for (const item of touched) {
      const idf = Math.log(sessions / this.#index.sessionsWith(item))
      score[item]! *= 1 + this.#idfWeight * idf
    }
    const forbidden = options.repeats === 'allow' ? undefined : this.#index.itemIndex(sessionItems.at(-1) ?? '')
    const allowed = forbidden === undefined ? touched : touched.filter((item) => item !== forbidden)
    const best = topOf(allowed, options.count ?? DEFAULT_COUNT, (a, b) => {
      const difference = score[a]! - score[b]!
      return difference === 0 ? a < b : difference > 0
    })
    const answer = best.map((item) => ({ itemId: this.#index.itemIds[item]!, score: score[item]! }))
    for (const item of touched) score[item] = 0
    return answer
  }

  /** The k most similar of the m most recent sessions that share an item; leaves `#place` set for `#vote`. */
  #neighbours(last: readonly ItemId[], ownSessionId: string | undefined): { slots: number[]; similarities: number[] } {
    const similarity = this.#similarity
    const own = ownSessionId === undefined ? undefined : this.#index.slotOf(ownSessionId)
    let candidates: number[] = []
    const perItem: number[] = []
    for (let place = 1; place <= last.length; place++) {
      const item = this.#index.itemIndex(last[place - 1]!)
      if (item === undefined) continue
      perItem.length = 0
      this.#index.collectSlots(item, perItem)
      const weight = (last.length - place + 1) / last.length
      for (const slot of perItem) {
        if (slot === own) continue
        if (!similarity[slot]) {
          candidates.push(slot)
          similarity[slot] = weight
          this.#place[slot] = place
        } else similarity[slot]! += weight
      }
    }
    const all = candidates
    if (candidates.length > this.#m) candidates = topOf(candidates, this.#m, (a, b) => this.#index.isNewer(a, b))
    const slots = topOf(candidates, this.#k, (a, b) => {
      const difference = similarity[a]! - similarity[b]!
      return difference === 0 ? this.#index.isNewer(a, b) : difference > 0
    })
    const similarities = slots.map((slot) => similarity[slot]!)
    for (const slot of all) similarity[slot] = 0
    return { slots, similarities }
  }

  /** Adds the neighbours' votes into `#score` and answers which items got any. */
  #vote(neighbours: { slots: number[]; similarities: number[] }): number[] {
    const touched: number[] = []
    const score = this.#score
    for (let i = 0; i < neighbours.slots.length; i++) {
      const slot = neighbours.slots[i]!
      const vote = neighbours.similarities[i]! * matchWeight(this.#place[slot]!)
      if (vote <= 0) continue
      for (const item of this.#index.itemsIn(slot)) {
        if (!score[item]) {
          touched.push(item)
          score[item] = vote
        } else score[item]! += vote
      }
    }
    return touched
  }
}

/** The paper's match weight: 1 - 0.1 per place the newest shared item stands back, nothing from the tenth place on. */
function matchWeight(place: number): number {
  return place < 10 ? 1 - 0.1 * place : 0
}

/** Up to `limit` distinct items from the end, latest first. */
export function latestDistinct(items: readonly ItemId[], limit: number): ItemId[] {
  const last: ItemId[] = []
  for (let i = items.length - 1; i >= 0 && last.length < limit; i--) {
    if (!last.includes(items[i]!)) last.push(items[i]!)
  }
  return last
}
