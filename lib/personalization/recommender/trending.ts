/** Trending: the most viewed items, with a half-life per view; used if nothing is known about a visitor. */
import { keepHeaviest } from './co-visitation.js'
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

/**
 * Weights stand for one landmark time, so all fade by one common factor: an item overtakes another only by a view of
 * its own. That is why the board of leaders can be kept exactly, per view, without ever scanning the items.
 */
export class Trending implements ItemRecommender {
  readonly #halfLifeMs: number
  readonly #boardSize: number
  readonly #maxItems: number
  readonly #weights = new Map<ItemId, number>()
  readonly #board: ItemId[] = []
  #landmarkMs: number | undefined

  constructor(options: TrendingOptions = {}) {
    this.#halfLifeMs = options.halfLifeMs ?? 86_400_000
    this.#boardSize = options.boardSize ?? 100
    this.#maxItems = Math.max(options.maxItems ?? 50_000, this.#boardSize)
  }

  /** Items held now. */
  get size(): number {
    return this.#weights.size
  }

  /** Which session viewed the item plays no part. */
  learn(_sessionId: string, itemId: ItemId, atMs: number): void {
    this.#landmarkMs ??= atMs
    if ((atMs - this.#landmarkMs) / this.#halfLifeMs > RESCALE_HALF_LIVES) this.#rescale(atMs)
    const weight = (this.#weights.get(itemId) ?? 0) + 2 ** ((atMs - this.#landmarkMs) / this.#halfLifeMs)
    this.#weights.set(itemId, weight)
    this.#climb(itemId, weight)
    if (this.#weights.size > 2 * this.#maxItems) this.#prune()
  }

  recommend(sessionItems: readonly ItemId[], options: RecommendOptions = {}): Candidate[] {
    const forbidden = options.repeats === 'allow' ? undefined : sessionItems.at(-1)
    const count = options.count ?? DEFAULT_COUNT
    const answer: Candidate[] = []
    for (let i = 0; i < this.#board.length && answer.length < count; i++) {
      const itemId = this.#board[i]!
      if (itemId !== forbidden) answer.push({ itemId, score: this.#weights.get(itemId)! })
    }
    return answer
  }

  #climb(itemId: ItemId, weight: number): void {
    const board = this.#board
    let place = board.indexOf(itemId)
    if (place < 0) {
      if (board.length < this.#boardSize) place = board.push(itemId) - 1
      else if (weight > this.#weights.get(board.at(-1)!)!) {
        place = board.length - 1
        board[place] = itemId
      } else return
    }
    while (place > 0 && this.#weights.get(board[place - 1]!)! < weight) {
      board[place] = board[place - 1]!
      board[--place] = itemId
    }
  }

  /** Drops the lightest items, but no leader, not even one as light as an item that stays. */
  #prune(): void {
    const leaders = this.#board.map((itemId) => [itemId, this.#weights.get(itemId)!] as const)
    keepHeaviest(this.#weights, this.#maxItems)
    for (const [itemId, weight] of leaders) this.#weights.set(itemId, weight)
  }

  #rescale(landmarkMs: number): void {
    const factor = 2 ** ((this.#landmarkMs! - landmarkMs) / this.#halfLifeMs)
    for (const [itemId, weight] of this.#weights) {
      const scaled = weight * factor
      if (scaled > 0 || this.#board.includes(itemId)) this.#weights.set(itemId, scaled)
      else this.#weights.delete(itemId)
    }
    this.#landmarkMs = landmarkMs
  }
}
