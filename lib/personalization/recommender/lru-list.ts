/** Small numbers in order of last use, so that the one idle for longest can go first: a linked list in two arrays. */

const NONE = -1

export class LruList {
  #before = new Int32Array(1_024).fill(NONE)
  #after = new Int32Array(1_024).fill(NONE)
  #oldest = NONE
  #newest = NONE
  #size = 0

  get size(): number {
    return this.#size
  }

  /** The number idle for longest; -1: there is none. */
  get oldest(): number {
    return this.#oldest
  }

  has(id: number): boolean {
    return id === this.#newest || (id < this.#after.length && this.#after[id] !== NONE)
  }

  /** Makes `id` the latest; adds it if it is new. */
  touch(id: number): void {
    if (id === this.#newest) return
    if (this.has(id)) this.remove(id)
    while (id >= this.#after.length) this.#grow()
    this.#before[id] = this.#newest
    if (this.#newest === NONE) this.#oldest = id
    else this.#after[this.#newest] = id
    this.#newest = id
    this.#size++
  }

  /** `id` is in the list. */
  remove(id: number): void {
    const before = this.#before[id]!
    const after = this.#after[id]!
    if (before === NONE) this.#oldest = after
    else this.#after[before] = after
    if (after === NONE) this.#newest = before
    else this.#before[after] = before
    this.#before[id] = NONE
    this.#after[id] = NONE
    this.#size--
  }

  #grow(): void {
    const [before, after] = [this.#before, this.#after]
    this.#before = new Int32Array(2 * before.length).fill(NONE)
    this.#after = new Int32Array(2 * before.length).fill(NONE)
    this.#before.set(before)
    this.#after.set(after)
  }
}
