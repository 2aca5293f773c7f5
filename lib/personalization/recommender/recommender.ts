/** The interface of every recommender: learn one viewed item at a time, return ranked items. */

/** An item's id as the shop knows it. `1` and `'1'` are different items. */
export type ItemId = string | number

/** One recommended item; scores compare only inside one answer. */
export interface Candidate {
  readonly itemId: ItemId
  readonly score: number
}

/** Options of a recommendation. */
export interface RecommendOptions {
  /** Longest answer wanted, in items; default 20. */
  readonly count?: number
  /**
   * Whether the item seen last may come back. 'forbid' (default) leaves out that one item only: other items of the
   * session stay allowed, because people do return to them (29 % of the clicks of a real shop).
   */
  readonly repeats?: 'allow' | 'forbid'
  /** The visitor's own session where it has been learned already: it is no neighbour of itself. */
  readonly sessionId?: string
}

/** A model that learns per event and answers from memory. No clock: time is the event's. */
export interface ItemRecommender {
  /** Takes in that `itemId` was viewed in `sessionId` at `atMs` (epoch milliseconds). Events may come out of order. */
  learn(sessionId: string, itemId: ItemId, atMs: number): void
  /** Ranked items to follow `sessionItems` (oldest first, the item seen last at the end); may be empty. */
  recommend(sessionItems: readonly ItemId[], options?: RecommendOptions): Candidate[]
  /** Adds the ranked items that `list` lacks to its end, until it has `count` of them. */
  extend(list: ItemId[], count: number, sessionItems: readonly ItemId[], options: RecommendOptions): void
}

/** Length of an answer unless the caller says otherwise, in items. */
export const DEFAULT_COUNT = 20
