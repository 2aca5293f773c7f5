/** The best few of many scored items, kept in order while they are offered; its memory is used again. */

import type { Candidate, ItemId } from './recommender.js'

export class Ranking {
  #ids = new Int32Array(32)
  #scores = new Float64Array(32)
  #count = 0
  #limit = 0

  /** Begins anew; the `limit` best will be kept. */
  begin(limit: number): void {
    this.#count = 0
    this.#limit = Math.max(0, limit)
  }

  /** How many are kept. */
  get count(): number {
    return this.#count
  }

  /** Id of the kept item at a place, from 0 for the best. */
  id(place: number): number {
    return this.#ids[place]!
  }

  score(place: number): number {
    return this.#scores[place]!
  }

  /** Of equal scores the smaller id comes first. */
  offer(id: number, score: number): void {
    let place = this.#count
    if (place >= this.#limit) {
      if (place === 0 || !this.#before(id, score, place - 1)) return
      place--
    } else {
      if (place === this.#ids.length) this.#grow()
      this.#count++
    }
    const [ids, scores] = [this.#ids, this.#scores]
    while (place > 0 && this.#before(id, score, place - 1)) {
      ids[place] = ids[place - 1]!
      scores[place] = scores[place - 1]!
      place--
    }
    ids[place] = id
    scores[place] = score
  }

  /** What is kept, with the ids of the shop; each score times `unit`. */
  candidates(itemIds: readonly ItemId[], unit: number): Candidate[] {
    const candidates: Candidate[] = []
    for (let place = 0; place < this.#count; place++) {
      candidates.push({ itemId: itemIds[this.#ids[place]!]!, score: this.#scores[place]! * unit })
    }
    return candidates
  }

  /** Adds what `list` lacks to its end, until it has `count` items. */
  extend(list: ItemId[], count: number, itemIds: readonly ItemId[]): void {
    const listed = list.length
    for (let place = 0; place < this.#count && list.length < count; place++) {
      const itemId = itemIds[this.#ids[place]!]!
      // What is kept is kept once.
      if (listed === 0 || !list.includes(itemId)) list.push(itemId)
    }
  }

  #before(id: number, score: number, place: number): boolean {
    const other = this.#scores[place]!
    return score > other || (score === other && id < this.#ids[place]!)
  }

  #grow(): void {
    const ids = new Int32Array(2 * this.#ids.length)
    const scores = new Float64Array(2 * this.#ids.length)
    ids.set(this.#ids)
    scores.set(this.#scores)
    this.#ids = ids
    this.#scores = scores
  }
}
