/**
 * Hashed ids in the order in which they came, found by an open hash table. Both are arrays of numbers: an id takes 16 to 32 bytes.
 */

const SMALLEST = 64

export class IdTable {
  /** Rings of as many ids as fit before they grow: a power of two. */
  #high = new Int32Array(SMALLEST)
  #low = new Int32Array(SMALLEST)
  /** Twice as many places; each has the place of an id in the rings, plus 1, or 0. An id is at its hash or close behind it. */
  #table = new Int32Array(2 * SMALLEST)
  #first: number
  #end: number

  /** `position`: that of the first id added; each further one has the next. */
  constructor(position = 0) {
    this.#first = position
    this.#end = position
  }

  /** Position of the oldest id. */
  get first(): number {
    return this.#first
  }

  /** Position that the next id gets. */
  get end(): number {
    return this.#end
  }

  add(high: number, low: number): void {
    if (this.#end - this.#first === this.#high.length) this.#grow()
    const place = this.#end++ & (this.#high.length - 1)
    this.#high[place] = high
    this.#low[place] = low
    this.#enter(place)
  }

  /** Whether one of the positions of this id passes the test; it may have come more than once. */
  some(high: number, low: number, test: (position: number) => boolean): boolean {
    const [table, mask] = [this.#table, this.#table.length - 1]
    for (let at = low & mask; table[at] !== 0; at = (at + 1) & mask) {
      const place = table[at]! - 1
      if (this.#high[place] === high && this.#low[place] === low && test(this.#positionOf(place))) return true
    }
    return false
  }

  /** There is an oldest one. */
  removeOldest(): void {
    const [table, mask] = [this.#table, this.#table.length - 1]
    const place = this.#first++ & (this.#high.length - 1)
    let hole = this.#low[place]! & mask
    while (table[hole] !== place + 1) hole = (hole + 1) & mask
    // Whoever would not be found any more across the hole moves into it.
    for (let at = (hole + 1) & mask; table[at] !== 0; at = (at + 1) & mask) {
      const home = this.#low[table[at]! - 1]! & mask
      if (((at - home) & mask) < ((at - hole) & mask)) continue
      table[hole] = table[at]!
      hole = at
    }
    table[hole] = 0
  }

  #enter(place: number): void {
    const [table, mask] = [this.#table, this.#table.length - 1]
    let at = this.#low[place]! & mask
    while (table[at] !== 0) at = (at + 1) & mask
    table[at] = place + 1
  }

  #positionOf(place: number): number {
    const mask = this.#high.length - 1
    return this.#first + ((place - (this.#first & mask)) & mask)
  }

  #grow(): void {
    const [high, low] = [this.#high, this.#low]
    const size = 2 * high.length
    this.#high = new Int32Array(size)
    this.#low = new Int32Array(size)
    this.#table = new Int32Array(2 * size)
    for (let position = this.#first; position < this.#end; position++) {
      const place = position & (size - 1)
      const before = position & (high.length - 1)
      this.#high[place] = high[before]!
      this.#low[place] = low[before]!
      this.#enter(place)
    }
  }
}
