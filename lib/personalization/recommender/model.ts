/**
 * The model that all tasks of an instance train together. It is in memory only; after a restart it is rebuilt from the
 * `user-activity` topic. It influences the contents of a decision, but never whether it is made or its id.
 */

import { ARM_ALGORITHMS, type Arm } from '../experiments/experiment.js'
import { sessionOf, type UserActivity } from '../records/activity.js'
import type { CustomerProfile } from '../records/profile.js'
import { type RecommendedItems, SessionRecommender, type SessionRecommenderOptions } from './index.js'
import { NextItemJudge, type NextItemScore } from './metrics.js'
import type { ItemId } from './recommender.js'
import { latestDistinct } from './vmis-knn.js'

/** Parameters of the shared model. */
export interface ModelOptions extends SessionRecommenderOptions {
  /** Whether the item seen last may be recommended; default 'forbid'. */
  readonly repeats?: 'allow' | 'forbid'
}

/** The items of a carousel. */
export interface CarouselItems {
  /** Item ids, the best first. */
  readonly items: readonly string[]
  /** What chose them. */
  readonly algorithm: string
  /** Why there are none; null: there are some. */
  readonly reason: string | null
}

/** Sessions whose last list is kept; the one that got its list first goes first. */
const MAX_LISTS = 10_000
/** Views learned after which a list is made anew, although its session has seen nothing new. */
const LIST_VIEWS = 500

/** What a session was last recommended. */
interface SessionList {
  /** The session's distinct items, latest first. */
  readonly seen: readonly ItemId[]
  readonly arm: Arm
  readonly answer: RecommendedItems
  /** Views that the model had learned then. */
  readonly views: number
}

/** Items whose category is remembered; the one learned first goes first. */
const MAX_CATEGORIES = 100_000

/** The recommender that all tasks of an instance share. */
export class SharedModel {
  readonly #recommender: SessionRecommender
  readonly #repeats: 'allow' | 'forbid'
  readonly #judge = new NextItemJudge()
  /** Per partition: the offset after the last event learned. Whatever is replayed or aborted is learned once. */
  readonly #learned = new Map<number, number>()
  readonly #categories = new Map<string, string>()
  readonly #owned = new Set<number>()
  readonly #lists = new Map<string, SessionList>()
  #views = 0

  constructor(options: ModelOptions = {}) {
    this.#recommender = new SessionRecommender(options)
    this.#repeats = options.repeats ?? 'forbid'
  }

  /** Partitions whose tasks run here and teach the model themselves. */
  get owned(): ReadonlySet<number> {
    return this.#owned
  }

  /** A task of this partition has started here. */
  own(partition: number): void {
    this.#owned.add(partition)
  }

  /** A task of this partition has left. */
  release(partition: number): void {
    this.#owned.delete(partition)
  }

  /** Offset after the last event learned from a partition, 0 before the first. */
  learnedUpTo(partition: number): number {
    return this.#learned.get(partition) ?? 0
  }

  /** Live figures of this instance: each session's latest decision decided by the item viewed next. */
  get score(): NextItemScore {
    return this.#judge.metrics.score()
  }

  /** Judges and learns a view; everything else only moves the position on. */
  learn(activity: UserActivity, partition: number, offset: number): void {
    if (offset < this.learnedUpTo(partition)) return
    this.#learned.set(partition, offset + 1)
    if (activity.type !== 'view' || activity.itemId === null) return
    this.#views++
    this.#recommender.learn(sessionOf(activity), activity.itemId, activity.at)
    if (activity.category !== null) this.#remember(activity.itemId, activity.category)
  }

  /** Before `learn` of the same view, so that a prediction is never decided by what it has seen. */
  judge(activity: UserActivity, partition: number, offset: number): void {
    if (offset < this.learnedUpTo(partition) || activity.type !== 'view' || activity.itemId === null) return
    this.#judge.viewed(sessionOf(activity), activity.itemId)
  }

  /** `seen`: the session's items, latest last. The profile of the customer is asked for only if it matters; null: there is none. */
  recommend(
    sessionId: string,
    seen: readonly string[],
    arm: Arm,
    customer: { readonly profile: CustomerProfile | null } | null,
  ): CarouselItems {
    const answer = this.#answer(sessionId, seen, arm)
    const items = answer.items as readonly string[]
    const interests = answer.algorithm === 'trending' ? (customer?.profile?.interests ?? []) : []
    const ranked = interests.length > 0 ? this.#interestsFirst(items, interests) : items
    this.#judge.decided(sessionId, ranked)
    return { items: ranked, algorithm: answer.algorithm, reason: answer.reason }
  }

  /** A session that has seen nothing new, as after a search or a second look at an item, gets the list that it had. */
  #answer(sessionId: string, seen: readonly string[], arm: Arm): RecommendedItems {
    const distinct = latestDistinct(seen, seen.length)
    const before = this.#lists.get(sessionId)
    if (before !== undefined) {
      if (before.arm === arm && this.#views - before.views < LIST_VIEWS && isEqual(before.seen, distinct)) {
        return before.answer
      }
      this.#lists.delete(sessionId)
    } else if (this.#lists.size >= MAX_LISTS) this.#lists.delete(this.#lists.keys().next().value as string)
    const answer = this.#recommender.recommend(seen, {
      sessionId,
      repeats: this.#repeats,
      algorithms: ARM_ALGORITHMS[arm],
    })
    this.#lists.set(sessionId, { seen: distinct, arm, answer, views: this.#views })
    return answer
  }

  /** What is popular in the customer's own categories goes before what is popular anywhere. */
  #interestsFirst(items: readonly string[], interests: readonly string[]): string[] {
    const isLiked = (item: string) => interests.includes(this.#categories.get(item) ?? '')
    return [...items.filter(isLiked), ...items.filter((item) => !isLiked(item))]
  }

  #remember(itemId: string, category: string): void {
    if (this.#categories.get(itemId) === category) return
    if (this.#categories.size >= MAX_CATEGORIES) this.#categories.delete(this.#categories.keys().next().value as string)
    this.#categories.set(itemId, category)
  }
}

function isEqual(a: readonly ItemId[], b: readonly ItemId[]): boolean {
  return a.length === b.length && a.every((item, i) => item === b[i])
}
