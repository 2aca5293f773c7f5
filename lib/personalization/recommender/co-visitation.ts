/** Co-visitation: items near each other in a session get a weight of 1/distance, which decays over time. */
import {
  type Candidate,
  DEFAULT_COUNT,
  type ItemId,
  type ItemRecommender,
  type RecommendOptions,
} from './recommender.js'
import { latestDistinct } from './vmis-knn.js'

/** Parameters of the co-visitation model. */
export interface CoVisitationOptions {
  /** Event time after which a pair's weight has halved, in milliseconds; default 14 days. */
  readonly halfLifeMs?: number
  /** How many events back in the session a pair may reach; default 5. */
  readonly reach?: number
  /** Latest distinct items of the session that ask for company; default 4. */
  readonly lastItems?: number
  /** Default 50,000; the item that gained no pair for longest goes first. */
  readonly maxItems?: number
  /** Companions kept per item; default 200, the weakest go first (in bulk, at twice the bound). */
  readonly maxCompanions?: number
  /** Sessions whose tail is remembered; default 50,000, the one idle for longest goes first. */
  readonly maxSessions?: number
}

/** Weights stand for `landmarkMs`: an event at `t` adds 2^((t - landmark) / halfLife), so nothing is decayed in place. */
interface Companions {
  landmarkMs: number
  readonly weights: Map<ItemId, number>
}

/** Half-lives after which an item's weights are moved to a new landmark; far below where a double overflows. */
const RESCALE_HALF_LIVES = 100

export class CoVisitation implements ItemRecommender {
  readonly #halfLifeMs: number
  readonly #reach: number
  readonly #lastItems: number
  readonly #maxItems: number
  readonly #maxCompanions: number
  readonly #maxSessions: number
  /** Both maps are in order of last use, so that their first entry is the one to evict. */
  readonly #tails = new Map<string, ItemId[]>()
  readonly #companions = new Map<ItemId, Companions>()
  #latestAtMs = Number.NEGATIVE_INFINITY

  constructor(options: CoVisitationOptions = {}) {
    this.#halfLifeMs = options.halfLifeMs ?? 14 * 86_400_000
    this.#reach = options.reach ?? 5
    this.#lastItems = options.lastItems ?? 4
    this.#maxItems = options.maxItems ?? 50_000
    this.#maxCompanions = options.maxCompanions ?? 200
    this.#maxSessions = options.maxSessions ?? 50_000
  }

  /** Session tails and items held now. */
  get size(): { sessions: number; items: number } {
    return { sessions: this.#tails.size, items: this.#companions.size }
  }

  learn(sessionId: string, itemId: ItemId, atMs: number): void {
    if (atMs > this.#latestAtMs) this.#latestAtMs = atMs
    const tail = touch(this.#tails, sessionId, () => [], this.#maxSessions)
    for (let distance = 1; distance <= tail.length; distance++) {
      const other = tail[tail.length - distance]!
      if (other === itemId) continue
      this.#pair(itemId, other, 1 / distance, atMs)
      this.#pair(other, itemId, 1 / distance, atMs)
    }
    tail.push(itemId)
    if (tail.length > this.#reach) tail.shift()
  }

  /** `sessionId` plays no part: a pair does not remember which session it came from. */
  recommend(sessionItems: readonly ItemId[], options: RecommendOptions = {}): Candidate[] {
    const scores = new Map<ItemId, number>()
    const last = latestDistinct(sessionItems, this.#lastItems)
    for (let place = 1; place <= last.length; place++) {
      const entry = this.#companions.get(last[place - 1]!)
      if (entry === undefined) continue
      const factor = 2 ** ((entry.landmarkMs - this.#latestAtMs) / this.#halfLifeMs) / place
      for (const [itemId, weight] of entry.weights) scores.set(itemId, (scores.get(itemId) ?? 0) + weight * factor)
    }
    if (options.repeats !== 'allow' && last.length > 0) scores.delete(last[0]!)
    return Array.from(scores, ([itemId, score]) => ({ itemId, score }))
      .sort((a, b) => b.score - a.score)
      .slice(0, options.count ?? DEFAULT_COUNT)
  }

  #pair(from: ItemId, to: ItemId, weight: number, atMs: number): void {
    const entry = touch(this.#companions, from, () => ({ landmarkMs: atMs, weights: new Map() }), this.#maxItems)
    if ((atMs - entry.landmarkMs) / this.#halfLifeMs > RESCALE_HALF_LIVES) rescale(entry, atMs, this.#halfLifeMs)
    const scaled = weight * 2 ** ((atMs - entry.landmarkMs) / this.#halfLifeMs)
    entry.weights.set(to, (entry.weights.get(to) ?? 0) + scaled)
    if (entry.weights.size > 2 * this.#maxCompanions) keepHeaviest(entry.weights, this.#maxCompanions)
  }
}

/** The entry of `key`, made if it is missing and moved to the end; evicts from the front beyond `limit`. */
function touch<K, V>(map: Map<K, V>, key: K, make: () => V, limit: number): V {
  let value = map.get(key)
  if (value === undefined) {
    value = make()
    if (map.size >= limit) map.delete(map.keys().next().value as K)
  } else map.delete(key)
  map.set(key, value)
  return value
}

function rescale(entry: Companions, landmarkMs: number, halfLifeMs: number): void {
  const factor = 2 ** ((entry.landmarkMs - landmarkMs) / halfLifeMs)
  for (const [itemId, weight] of entry.weights) {
    const scaled = weight * factor
    if (scaled > 0) entry.weights.set(itemId, scaled)
    else entry.weights.delete(itemId)
  }
  entry.landmarkMs = landmarkMs
}

/** Leaves the `count` heaviest entries; of equal ones those that came first. */
export function keepHeaviest(weights: Map<ItemId, number>, count: number): void {
  const sorted = Array.from(weights).sort((a, b) => b[1] - a[1])
  weights.clear()
  for (let i = 0; i < count && i < sorted.length; i++) weights.set(sorted[i]![0], sorted[i]![1])
}
