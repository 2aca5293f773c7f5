/** Trending: the most viewed items, with a half-life per view; used if nothing is known about a visitor. */
import {
  type Candidate,
  DEFAULT_COUNT,
  type ItemId,
  type ItemRecommender,
  type RecommendOptions,
} from './recommender.js'

/** Parameters of trending items. */
export interface TrendingOptions {
  /** Event time after which a view counts half, in milliseconds; default 1 day. */
  readonly halfLifeMs?: number
  /** Longest answer possible, in items; default 100. */
  readonly boardSize?: number
  /** Items whose weight is kept; default 50,000, the lightest go first (in bulk, at twice the bound). */
  readonly maxItems?: number
}

const RESCALE_HALF_LIVES = 100

interface Trend {
  readonly itemId: ItemId
  weight: number
  /** Place on the board; -1: not on it. */
  place: number
}

/**
 * Weights stand for one landmark time, so all fade by one common factor: an item overtakes another only by a view of
 * its own. That is why the board of leaders can be kept exactly, per view, without ever scanning the items.
 */
export class Trending implements ItemRecommender {
  readonly #halfLifeMs: number
  readonly #boardSize: number
  readonly #maxItems: number
  readonly #trends = new Map<ItemId, Trend>()
  readonly #board: Trend[] = []
  #landmarkMs: number | undefined

  constructor(options: TrendingOptions = {}) {
    this.#halfLifeMs = options.halfLifeMs ?? 86_400_000
    this.#boardSize = options.boardSize ?? 100
    this.#maxItems = Math.max(options.maxItems ?? 50_000, this.#boardSize)
  }

  /** Items held now. */
  get size(): number {
    return this.#trends.size
  }

  /** Which session viewed the item plays no part. */
  learn(_sessionId: string, itemId: ItemId, atMs: number): void {
    this.#landmarkMs ??= atMs
    if ((atMs - this.#landmarkMs) / this.#halfLifeMs > RESCALE_HALF_LIVES) this.#rescale(atMs)
    let trend = this.#trends.get(itemId)
    if (trend === undefined) {
      trend = { itemId, weight: 0, place: -1 }
      this.#trends.set(itemId, trend)
    }
    trend.weight += 2 ** ((atMs - this.#landmarkMs) / this.#halfLifeMs)
    this.#climb(trend)
    if (this.#trends.size > 2 * this.#maxItems) this.#prune()
  }

  recommend(sessionItems: readonly ItemId[], options: RecommendOptions = {}): Candidate[] {
    const forbidden = options.repeats === 'allow' ? undefined : sessionItems.at(-1)
    const count = options.count ?? DEFAULT_COUNT
    const answer: Candidate[] = []
    for (let i = 0; i < this.#board.length && answer.length < count; i++) {
      const { itemId, weight } = this.#board[i]!
      if (itemId !== forbidden) answer.push({ itemId, score: weight })
    }
    return answer
  }

  extend(list: ItemId[], count: number, sessionItems: readonly ItemId[], { repeats }: RecommendOptions): void {
    const forbidden = repeats === 'allow' ? undefined : sessionItems.at(-1)
    for (let i = 0; i < this.#board.length && list.length < count; i++) {
      const { itemId } = this.#board[i]!
      if (itemId !== forbidden && !list.includes(itemId)) list.push(itemId)
    }
  }

  #climb(trend: Trend): void {
    const board = this.#board
    if (trend.place < 0) {
      if (board.length < this.#boardSize) board.push(trend)
      else {
        const last = board[board.length - 1]
        if (last === undefined || trend.weight <= last.weight) return
        last.place = -1
        board[board.length - 1] = trend
      }
      trend.place = board.length - 1
    }
    let { place } = trend
    while (place > 0 && board[place - 1]!.weight < trend.weight) {
      const passed = board[place - 1]!
      board[place] = passed
      passed.place = place--
    }
    board[place] = trend
    trend.place = place
  }

  /** Drops the lightest items, but no leader, not even one as light as an item that stays. */
  #prune(): void {
    const heaviest = Array.from(this.#trends.values()).sort((a, b) => b.weight - a.weight)
    for (let i = this.#maxItems; i < heaviest.length; i++) {
      if (heaviest[i]!.place < 0) this.#trends.delete(heaviest[i]!.itemId)
    }
  }

  #rescale(landmarkMs: number): void {
    const factor = 2 ** ((this.#landmarkMs! - landmarkMs) / this.#halfLifeMs)
    for (const trend of this.#trends.values()) {
      trend.weight *= factor
      if (trend.weight === 0 && trend.place < 0) this.#trends.delete(trend.itemId)
    }
    this.#landmarkMs = landmarkMs
  }
}
