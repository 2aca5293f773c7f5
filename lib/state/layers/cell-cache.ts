/**
 * The memory for the cells of a task. Clean cells stay until memory is needed and are removed by a second-chance clock
 * across all stores. Cells that are not on disk yet may exceed the limit until the next flush.
 */
import { type Cell, NONE } from './cell.js'

/** How far the hand may move for one new cell: dirty cells are passed over, and most may be dirty. */
const HAND_STEPS = 8

export class CellCache {
  readonly #limitBytes: number
  readonly #ring: Cell[] = []
  #hand = 0
  #usedBytes = 0
  /** Approximate size of what the next flush writes. */
  pendingBytes = 0

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes
  }

  get usedBytes(): number {
    return this.#usedBytes
  }

  add(cell: Cell): void {
    if (this.#usedBytes > this.#limitBytes) this.#sweep(HAND_STEPS)
    cell.slot = this.#ring.length
    this.#ring.push(cell)
    this.#usedBytes += cell.bytes
  }

  /** Notes the size of a cell again. */
  resize(cell: Cell, bytes: number): void {
    if (cell.slot >= 0) this.#usedBytes += bytes - cell.bytes
    cell.bytes = bytes
  }

  remove(cell: Cell): void {
    if (cell.slot < 0) return
    const last = this.#ring.pop()!
    if (last !== cell) {
      this.#ring[cell.slot] = last
      last.slot = cell.slot
    }
    cell.slot = -1
    this.#usedBytes -= cell.bytes
    cell.home.forget(cell)
  }

  /** After a flush made many cells clean. Twice round at most: the first takes the second chances away. */
  shrink(): void {
    this.#sweep(this.#ring.length * 2)
  }

  #sweep(steps: number): void {
    const ring = this.#ring
    for (let left = steps; left > 0; left--) {
      if (this.#usedBytes <= this.#limitBytes || ring.length === 0) return
      if (this.#hand >= ring.length) this.#hand = 0
      const cell = ring[this.#hand]!
      if (cell.open !== NONE || cell.inFlight !== NONE || cell.pending || cell.writing || cell.queued) this.#hand++
      else if (cell.referenced) {
        cell.referenced = false
        this.#hand++
      } else this.remove(cell)
    }
  }
}
