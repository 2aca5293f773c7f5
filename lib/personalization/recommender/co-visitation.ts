/** Co-visitation: items near each other in a session get a weight of 1/distance, which decays over time. */
import { LruList } from './lru-list.js'
import { Ranking } from './ranking.js'
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

/** An item's companions side by side, few enough to be looked through: item indexes, and their weights as of the landmark. */
interface Companions {
  readonly items: number[]
  readonly weights: number[]
}

/** Half-lives after which weights are moved to a new landmark; far below where a double overflows. */
const RESCALE_HALF_LIVES = 100

/** An event at `t` adds 2^((t - landmark) / halfLife), so nothing is decayed in place. */
export class CoVisitation implements ItemRecommender {
  readonly #halfLifeMs: number
  readonly #reach: number
  readonly #lastItems: number
  readonly #maxItems: number
  readonly #maxCompanions: number
  readonly #maxSessions: number
  /** In order of last use, so that the first entry is the one to evict. */
  readonly #tails = new Map<string, number[]>()
  readonly #itemOf = new Map<ItemId, number>()
  readonly #freeItems: number[] = []
  /** By item index: its id, its companions, and how many others it is a companion of or whose tails it is in. */
  readonly #itemIds: ItemId[] = []
  readonly #companions: (Companions | null)[] = []
  readonly #uses: number[] = []
  /** Items with companions, by the last pair they gained. */
  readonly #withCompanions = new LruList()
  /** Scratch, all zero between calls. By item index. */
  #scores = new Float64Array(1_024)
  readonly #touched: number[] = []
  readonly #ranking = new Ranking()
  #landmarkMs: number | undefined
  #latestAtMs = Number.NEGATIVE_INFINITY

  constructor(options: CoVisitationOptions = {}) {
    this.#halfLifeMs = options.halfLifeMs ?? 14 * 86_400_000
    this.#reach = options.reach ?? 5
    this.#lastItems = options.lastItems ?? 4
    this.#maxItems = options.maxItems ?? 50_000
    this.#maxCompanions = options.maxCompanions ?? 200
    this.#maxSessions = options.maxSessions ?? 50_000
  }

  /** Session tails and items with companions held now. */
  get size(): { sessions: number; items: number } {
    return { sessions: this.#tails.size, items: this.#withCompanions.size }
  }

  learn(sessionId: string, itemId: ItemId, atMs: number): void {
    if (atMs > this.#latestAtMs) this.#latestAtMs = atMs
    this.#landmarkMs ??= atMs
    if ((atMs - this.#landmarkMs) / this.#halfLifeMs > RESCALE_HALF_LIVES) this.#rescale(atMs)
    const unit = 2 ** ((atMs - this.#landmarkMs) / this.#halfLifeMs)
    const tail = this.#tailOf(sessionId)
    const item = this.#use(this.#itemOf.get(itemId) ?? this.#newItem(itemId))
    for (let distance = 1; distance <= tail.length; distance++) {
      const other = tail[tail.length - distance]!
      if (other === item) continue
      this.#pair(item, other, unit / distance)
      this.#pair(other, item, unit / distance)
    }
    tail.push(item)
    if (tail.length > this.#reach) this.#leave(tail.shift()!)
  }

  /** `sessionId` plays no part: a pair does not remember which session it came from. */
  recommend(sessionItems: readonly ItemId[], options: RecommendOptions = {}): Candidate[] {
    this.#rank(sessionItems, options.count ?? DEFAULT_COUNT, options)
    const decayed = 2 ** (((this.#landmarkMs ?? 0) - this.#latestAtMs) / this.#halfLifeMs)
    return this.#ranking.candidates(this.#itemIds, decayed)
  }

  extend(list: ItemId[], count: number, sessionItems: readonly ItemId[], options: RecommendOptions): void {
    this.#rank(sessionItems, count + list.length, options)
    this.#ranking.extend(list, count, this.#itemIds)
  }

  /** Leaves the answer in `#ranking`. */
  #rank(sessionItems: readonly ItemId[], count: number, { repeats }: RecommendOptions): void {
    const last = latestDistinct(sessionItems, this.#lastItems)
    const touched = this.#touched
    this.#makeRoom()
    for (let place = 1; place <= last.length; place++) {
      const item = this.#itemOf.get(last[place - 1]!)
      const companions = item === undefined ? null : this.#companions[item]!
      if (companions !== null) this.#add(companions, 1 / place)
    }
    const forbidden = repeats === 'allow' || last.length === 0 ? undefined : this.#itemOf.get(last[0]!)
    this.#ranking.begin(count)
    for (let i = 0; i < touched.length; i++) {
      const item = touched[i]!
      if (item !== forbidden) this.#ranking.offer(item, this.#scores[item]!)
      this.#scores[item] = 0
    }
    touched.length = 0
  }

  #add({ items, weights }: Companions, factor: number): void {
    const [scores, touched] = [this.#scores, this.#touched]
    for (let i = 0; i < items.length; i++) {
      const item = items[i]!
      if (scores[item] === 0) touched.push(item)
      scores[item]! += weights[i]! * factor
    }
  }

  #pair(from: number, to: number, weight: number): void {
    let companions = this.#companions[from]!
    const place = companions === null ? -1 : companions.items.indexOf(to)
    if (place >= 0) companions!.weights[place]! += weight
    else if (weight === 0) return
    else {
      if (companions === null) {
        if (this.#withCompanions.size >= this.#maxItems) this.#forget(this.#withCompanions.oldest)
        companions = { items: [], weights: [] }
        this.#companions[from] = companions
      }
      companions.items.push(this.#use(to))
      companions.weights.push(weight)
      if (companions.items.length > 2 * this.#maxCompanions) this.#keepHeaviest(companions)
    }
    this.#withCompanions.touch(from)
  }

  #tailOf(sessionId: string): number[] {
    const tail = this.#tails.get(sessionId)
    if (tail !== undefined) this.#tails.delete(sessionId)
    else if (this.#tails.size >= this.#maxSessions) {
      const [idle, items] = this.#tails.entries().next().value!
      this.#tails.delete(idle)
      for (const item of items) this.#leave(item)
    }
    const kept = tail ?? []
    this.#tails.set(sessionId, kept)
    return kept
  }

  /** The item's companions go; it may still be a companion of others. */
  #forget(item: number): void {
    const { items } = this.#companions[item]!
    this.#companions[item] = null
    this.#withCompanions.remove(item)
    for (const other of items) this.#leave(other)
    if (this.#uses[item] === 0) this.#release(item)
  }

  #keepHeaviest(companions: Companions): void {
    const { items, weights } = companions
    const order = items.map((_, place) => place).sort((a, b) => weights[b]! - weights[a]!)
    const all = { items: items.slice(), weights: weights.slice() }
    items.length = 0
    weights.length = 0
    for (const [rank, place] of order.entries()) {
      if (rank >= this.#maxCompanions) this.#leave(all.items[place]!)
      else {
        items.push(all.items[place]!)
        weights.push(all.weights[place]!)
      }
    }
  }

  #rescale(landmarkMs: number): void {
    const factor = 2 ** ((this.#landmarkMs! - landmarkMs) / this.#halfLifeMs)
    for (let item = 0; item < this.#companions.length; item++) {
      const companions = this.#companions[item]!
      if (companions === null) continue
      const { items, weights } = companions
      let kept = 0
      for (let i = 0; i < items.length; i++) {
        const scaled = weights[i]! * factor
        if (scaled === 0) this.#leave(items[i]!)
        else {
          items[kept] = items[i]!
          weights[kept++] = scaled
        }
      }
      items.length = kept
      weights.length = kept
    }
    this.#landmarkMs = landmarkMs
  }

  #newItem(itemId: ItemId): number {
    const item = this.#freeItems.pop() ?? this.#itemIds.length
    this.#itemOf.set(itemId, item)
    this.#itemIds[item] = itemId
    this.#companions[item] = null
    this.#uses[item] = 0
    return item
  }

  #use(item: number): number {
    this.#uses[item]!++
    return item
  }

  #leave(item: number): void {
    if (--this.#uses[item]! === 0 && this.#companions[item] === null) this.#release(item)
  }

  /** Nothing knows the item any more. */
  #release(item: number): void {
    this.#itemOf.delete(this.#itemIds[item]!)
    this.#freeItems.push(item)
  }

  #makeRoom(): void {
    if (this.#itemIds.length > this.#scores.length) this.#scores = new Float64Array(2 * this.#itemIds.length)
  }
}
