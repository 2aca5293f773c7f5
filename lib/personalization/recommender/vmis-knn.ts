/**
 * VMIS-kNN, the session-based nearest-neighbour recommender of Serenade (Kersbergen, Sprangers, Schelter, SIGMOD 2022),
 * kept up to date per event instead of built by a batch.
 *
 * Neighbours are the sessions that share one of the last items of the evolving session, weighed by how recently that
 * item was seen; the k best vote for their items, damped by where the newest shared item stands and by the item's idf.
 */

import { quickselect, swap } from './quickselect.js'
import { Ranking } from './ranking.js'
import {
  type Candidate,
  DEFAULT_COUNT,
  type ItemId,
  type ItemRecommender,
  type RecommendOptions,
} from './recommender.js'
import { FIRST_ITEMS, SessionIndex } from './vmis-knn-index.js'

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

/** Votes are counted in whole numbers: places from 10 (the newest shared item) down to 1, and nothing from the tenth place on. */
const VOTE_PLACES = 10

export class VmisKnn implements ItemRecommender {
  readonly #m: number
  readonly #k: number
  readonly #lastItems: number
  readonly #idfWeight: number
  readonly #index: SessionIndex
  /** Scratch, all zero between calls. By session slot: similarity times the number of last items. */
  readonly #similarity: Int32Array
  /** By item index: votes. */
  #votes = new Int32Array(1_024)
  /** Scratch. By session slot: the place (1 = latest) of the newest shared item. */
  readonly #place: Int32Array
  /** Slots of the sessions that share an item, and the times of their last events. */
  readonly #candidates: Int32Array
  readonly #lastAtMs: Float64Array
  /** Candidates by similarity. */
  readonly #level: Int32Array
  #touched = new Int32Array(1_024)
  readonly #ranking = new Ranking()
  /** Of the numbers of sessions that came up; 0: not yet. */
  readonly #logarithms: Float64Array

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
    const slots = this.#index.mask + 1
    const candidates = Math.min(slots, this.#lastItems * (this.#m + 1))
    this.#similarity = new Int32Array(slots)
    this.#place = new Int32Array(slots)
    this.#candidates = new Int32Array(candidates)
    this.#lastAtMs = new Float64Array(candidates)
    this.#logarithms = new Float64Array(slots + 1)
    this.#level = new Int32Array((this.#lastItems * (this.#lastItems + 1)) / 2 + 1)
  }

  /** Sessions and distinct items held now. */
  get size(): { sessions: number; items: number } {
    return { sessions: this.#index.sessions, items: this.#index.items }
  }

  learn(sessionId: string, itemId: ItemId, atMs: number): void {
    this.#index.add(sessionId, itemId, atMs)
  }

  recommend(sessionItems: readonly ItemId[], options: RecommendOptions = {}): Candidate[] {
    const votesOfOne = this.#rank(sessionItems, options.count ?? DEFAULT_COUNT, options)
    return this.#ranking.candidates(this.#index.itemIds, 1 / votesOfOne)
  }

  extend(list: ItemId[], count: number, sessionItems: readonly ItemId[], options: RecommendOptions): void {
    this.#rank(sessionItems, count + list.length, options)
    this.#ranking.extend(list, count, this.#index.itemIds)
  }

  /** Leaves the answer in `#ranking`; returns the votes of a session that is like this one. */
  #rank(sessionItems: readonly ItemId[], count: number, { sessionId, repeats }: RecommendOptions): number {
    const last = latestDistinct(sessionItems, this.#lastItems)
    const candidates = this.#collect(last, sessionId)
    const touched = this.#vote(this.#nearest(candidates))
    for (let i = 0; i < candidates; i++) this.#similarity[this.#candidates[i]!] = 0
    const forbidden = repeats === 'allow' ? undefined : this.#index.itemIndex(sessionItems.at(-1) ?? '')
    this.#best(touched, count, forbidden ?? -1)
    for (let i = 0; i < touched; i++) this.#votes[this.#touched[i]!] = 0
    return last.length * VOTE_PLACES
  }

  /** The sessions that share an item, with their similarity and place; returns how many. */
  #collect(last: readonly ItemId[], ownSessionId: string | undefined): number {
    const { mask, slotNumber, slotLastAtMs } = this.#index
    const [similarity, places, candidates, lastAtMs] = [this.#similarity, this.#place, this.#candidates, this.#lastAtMs]
    const own = ownSessionId === undefined ? -1 : (this.#index.slotOf(ownSessionId) ?? -1)
    let count = 0
    for (let place = 1; place <= last.length; place++) {
      const item = this.#index.itemIndex(last[place - 1]!)
      if (item === undefined) continue
      const weight = last.length - place + 1
      const sessions = this.#index.itemSessions[item]!
      for (let i = 0; i < sessions.length; i++) {
        const number = sessions[i]!
        const slot = number & mask
        if (slotNumber[slot] !== number || slot === own) continue
        if (similarity[slot] === 0) {
          places[slot] = place
          candidates[count] = slot
          lastAtMs[count++] = slotLastAtMs[slot]!
        }
        similarity[slot]! += weight
      }
    }
    return count
  }

  /** Brings the k most similar of the m most recent candidates to the front, of equal ones the most recent; returns how many. */
  #nearest(candidates: number): number {
    const [ids, lastAtMs, similarity, level] = [this.#candidates, this.#lastAtMs, this.#similarity, this.#level]
    const { slotNumber } = this.#index
    const recent = Math.min(candidates, this.#m)
    if (recent < candidates) quickselect(ids, lastAtMs, 0, candidates, recent, slotNumber)
    if (recent <= this.#k) return recent
    level.fill(0)
    for (let i = 0; i < recent; i++) level[similarity[ids[i]!]!]!++
    let least = level.length - 1
    let nearer = 0
    for (; nearer + level[least]! < this.#k; least--) nearer += level[least]!
    let [above, same] = [0, 0]
    for (let i = 0; i < recent; i++) {
      const near = similarity[ids[i]!]!
      if (near < least) continue
      swap(ids, lastAtMs, i, above + same)
      if (near === least) same++
      else swap(ids, lastAtMs, above + same, above++)
    }
    quickselect(ids, lastAtMs, above, above + same, this.#k - above, slotNumber)
    return this.#k
  }

  /** Adds up the votes of the first `neighbours` candidates; returns how many items got any. */
  #vote(neighbours: number): number {
    const { firstItems, slotCount, moreItems } = this.#index
    this.#makeRoom(this.#index.itemIds.length)
    const [votes, touched] = [this.#votes, this.#touched]
    let count = 0
    for (let i = 0; i < neighbours; i++) {
      const slot = this.#candidates[i]!
      const vote = this.#similarity[slot]! * (VOTE_PLACES - this.#place[slot]!)
      if (vote <= 0) continue
      const first = slot * FIRST_ITEMS
      const end = first + Math.min(slotCount[slot]!, FIRST_ITEMS)
      for (let j = first; j < end; j++) {
        const item = firstItems[j]!
        if (votes[item] === 0) touched[count++] = item
        votes[item]! += vote
      }
      if (slotCount[slot]! <= FIRST_ITEMS) continue
      for (const item of moreItems[slot]!) {
        if (votes[item] === 0) touched[count++] = item
        votes[item]! += vote
      }
    }
    return count
  }

  /** Ranks the `count` best of the touched items, lifted by their rarity; of equal ones the one that was learned first. */
  #best(touched: number, count: number, forbidden: number): void {
    const { itemLive, sessions } = this.#index
    const all = this.#logarithm(sessions)
    this.#ranking.begin(count)
    for (let i = 0; i < touched; i++) {
      const item = this.#touched[i]!
      if (item === forbidden) continue
      this.#ranking.offer(item, this.#votes[item]! * (1 + this.#idfWeight * (all - this.#logarithm(itemLive[item]!))))
    }
  }

  #logarithm(count: number): number {
    const known = this.#logarithms[count]!
    if (known !== 0) return known
    const logarithm = Math.log(count)
    this.#logarithms[count] = logarithm
    return logarithm
  }

  #makeRoom(items: number): void {
    if (items <= this.#votes.length) return
    this.#votes = new Int32Array(2 * items)
    this.#touched = new Int32Array(2 * items)
  }
}

/** Up to `limit` distinct items from the end, latest first. */
export function latestDistinct(items: readonly ItemId[], limit: number): ItemId[] {
  const last: ItemId[] = []
  for (let i = items.length - 1; i >= 0 && last.length < limit; i--) {
    if (!last.includes(items[i]!)) last.push(items[i]!)
  }
  return last
}
