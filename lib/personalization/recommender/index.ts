/** The service's recommender: one algorithm comes first, and the others fill the remaining places. */
import { CoVisitation, type CoVisitationOptions } from './co-visitation.js'
import { DEFAULT_COUNT, type ItemId, type ItemRecommender, type RecommendOptions } from './recommender.js'
import { Trending, type TrendingOptions } from './trending.js'
import { VmisKnn, type VmisKnnOptions } from './vmis-knn.js'

/** What chose the items. */
export type Algorithm = 'vmis-knn' | 'co-visitation' | 'trending'

/** Parameters of {@link SessionRecommender}. */
export interface SessionRecommenderOptions {
  /** Parameters of VMIS-kNN. */
  readonly vmisKnn?: VmisKnnOptions
  /** Parameters of co-visitation. */
  readonly coVisitation?: CoVisitationOptions
  /** Parameters of trending items. */
  readonly trending?: TrendingOptions
}

/** Options of a recommendation. */
export interface SessionRecommendOptions extends RecommendOptions {
  /** Who is asked, in this order; default VMIS-kNN, co-visitation, trending. An experiment's arm passes its own. */
  readonly algorithms?: readonly Algorithm[]
}

/** A ranked answer and where it came from. */
export interface RecommendedItems {
  /** Item ids, the best first. */
  readonly items: readonly ItemId[]
  /** The algorithm that gave the first item; 'none' with an empty list. */
  readonly algorithm: Algorithm | 'none'
  /** Items at the end of the list that came from later algorithms. */
  readonly filledUp: number
  /** Why the list is empty, null where it is not: nothing learned yet, or nothing but the forbidden item. */
  readonly reason: 'nothing-learned' | 'no-candidates' | null
}

const DEFAULT_ORDER: readonly Algorithm[] = ['vmis-knn', 'co-visitation', 'trending']

/** Learns every view in all algorithms, so that each arm of an experiment knows the same. One instance per process. */
export class SessionRecommender {
  readonly #algorithms: Readonly<Record<Algorithm, ItemRecommender>>
  readonly #trending: Trending

  constructor(options: SessionRecommenderOptions = {}) {
    this.#trending = new Trending(options.trending)
    this.#algorithms = {
      'vmis-knn': new VmisKnn(options.vmisKnn),
      'co-visitation': new CoVisitation(options.coVisitation),
      trending: this.#trending,
    }
  }

  /** Takes in that `itemId` was viewed in `sessionId` at `atMs` (epoch milliseconds); ask before learning to be fair. */
  learn(sessionId: string, itemId: ItemId, atMs: number): void {
    this.#algorithms['vmis-knn'].learn(sessionId, itemId, atMs)
    this.#algorithms['co-visitation'].learn(sessionId, itemId, atMs)
    this.#trending.learn(sessionId, itemId, atMs)
  }

  /** Items to follow `sessionItems` (oldest first); an empty list carries its reason. */
  recommend(sessionItems: readonly ItemId[], options: SessionRecommendOptions = {}): RecommendedItems {
    const count = options.count ?? DEFAULT_COUNT
    const items: ItemId[] = []
    let algorithm: Algorithm | 'none' = 'none'
    let fromFirst = 0
    for (const name of options.algorithms ?? DEFAULT_ORDER) {
      if (items.length >= count) break
      this.#algorithms[name].extend(items, count, sessionItems, options)
      if (algorithm !== 'none' || items.length === 0) continue
      algorithm = name
      fromFirst = items.length
    }
    const reason = items.length > 0 ? null : this.#trending.size === 0 ? 'nothing-learned' : 'no-candidates'
    return { items, algorithm, filledUp: items.length - fromFirst, reason }
  }
}
