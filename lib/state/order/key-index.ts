/**
 * The entries of one key: per key and time segment a sorted list of times, read with one lookup. (Kafka Streams scans
 * instead.) Its cells have the same layers as the data, so an abort undoes both. It is not in the changelog.
 */
import { int64ByteString } from '../../serde/int64-bytes.js'
import { type Cell, NONE } from '../layers/cell.js'
import type { Overlay } from '../layers/overlay.js'
import type { StoreTimes } from '../layers/store-times.js'

export class KeyIndex {
  readonly overlay: Overlay
  readonly #times: StoreTimes
  /** Numbers per entry: 1 (start) or 2 (end, start). The first decides the segment. */
  readonly #width: number

  constructor(overlay: Overlay, times: StoreTimes, width: 1 | 2) {
    this.overlay = overlay
    this.#times = times
    this.#width = width
  }

  add(key: string, first: number, second: number): void {
    const cell = this.#cell(key, first)
    const entries = this.#writable(cell)
    this.#insert(entries, first, second)
    this.overlay.set(cell, entries, 0)
  }

  remove(key: string, first: number, second: number): void {
    const cell = this.#cell(key, first)
    const entries = this.#writable(cell)
    this.#delete(entries, first, second)
    this.overlay.set(cell, entries.length === 0 ? null : entries, 0)
  }

  /** Same as `add` and `remove`, on the committed layer. */
  restore(key: string, first: number, second: number, present: boolean): void {
    const cell = this.#cell(key, first)
    const held = cell.base
    const entries = Array.isArray(held) ? (held as number[]) : []
    const changed = present ? this.#insert(entries, first, second) : this.#delete(entries, first, second)
    if (changed) this.overlay.setBase(cell, entries.length === 0 ? null : entries, 0)
  }

  /** Calls `visit` for each entry whose first number is in from..to (both inclusive), ascending. */
  forEach(key: string, from: number, to: number, visit: (first: number, second: number) => void): void {
    for (const segment of this.#times.segmentsBetween(from, to)) {
      const held = this.overlay.load(int64ByteString(segment) + key).held
      if (Array.isArray(held)) this.#visit(held as number[], from, to, visit)
    }
  }

  /** Same as `forEach`, on the committed layer. */
  forEachCommitted(key: string, from: number, to: number, visit: (first: number, second: number) => void): void {
    for (const segment of this.#times.segmentsBetween(from, to)) {
      const found = this.overlay.committed(int64ByteString(segment) + key)
      if (found !== undefined) this.#visit(found.held as number[], from, to, visit)
    }
  }

  /** The highest second number beside `first`; null: there is none. */
  lastAt(key: string, first: number): number | null {
    const held = this.#cell(key, first).held
    if (!Array.isArray(held)) return null
    const entries = held as number[]
    const at = this.#position(entries, first, Number.POSITIVE_INFINITY) - this.#width
    return at >= 0 && entries[at] === first ? entries[at + 1]! : null
  }

  /** The first entry at or after `from`; null: there is none. */
  firstFrom(key: string, from: number): readonly [first: number, second: number] | null {
    for (const segment of this.#times.segmentsBetween(from, Number.POSITIVE_INFINITY)) {
      const held = this.overlay.load(int64ByteString(segment) + key).held
      if (!Array.isArray(held)) continue
      const times = held as number[]
      const at = this.#from(times, from)
      if (at < times.length) return [times[at]!, this.#width === 2 ? times[at + 1]! : 0]
    }
    return null
  }

  /** The first number of the last entry; null: there is none. */
  last(key: string): number | null {
    for (const segment of this.#times.segmentsBetween(0, Number.POSITIVE_INFINITY).reverse()) {
      const held = this.overlay.load(int64ByteString(segment) + key).held
      if (Array.isArray(held) && held.length > 0) return (held as number[])[held.length - this.#width]!
    }
    return null
  }

  #visit(entries: number[], from: number, to: number, visit: (first: number, second: number) => void): void {
    for (let i = this.#from(entries, from); i < entries.length; i += this.#width) {
      const first = entries[i]!
      if (first > to) return
      visit(first, this.#width === 2 ? entries[i + 1]! : 0)
    }
  }

  /** Index of the first entry at or after `from`. */
  #from(entries: number[], from: number): number {
    let low = 0
    let high = entries.length / this.#width
    while (low < high) {
      const middle = (low + high) >> 1
      if (entries[middle * this.#width]! < from) low = middle + 1
      else high = middle
    }
    return low * this.#width
  }

  #cell(key: string, first: number): Cell {
    return this.overlay.load(int64ByteString(this.#times.segmentOf(first)) + key)
  }

  /** The open layer's own list: copied once per transaction, then changed in place. */
  #writable(cell: Cell): number[] {
    if (cell.open !== NONE && Array.isArray(cell.open)) return cell.open as number[]
    const held = cell.held
    return Array.isArray(held) ? (held as number[]).slice() : []
  }

  /** Index of the first entry not before (first, second). */
  #position(entries: number[], first: number, second: number): number {
    const width = this.#width
    // New entries are mostly the newest: look from the end.
    let at = entries.length
    while (at > 0 && this.#atOrAfter(entries, at - width, first, second)) at -= width
    return at
  }

  #atOrAfter(entries: number[], at: number, first: number, second: number): boolean {
    const found = entries[at]!
    return found > first || (found === first && (this.#width === 1 || entries[at + 1]! >= second))
  }

  #isAt(entries: number[], at: number, first: number, second: number): boolean {
    return at < entries.length && entries[at] === first && (this.#width === 1 || entries[at + 1] === second)
  }

  #insert(entries: number[], first: number, second: number): boolean {
    const at = this.#position(entries, first, second)
    if (this.#isAt(entries, at, first, second)) return false
    if (this.#width === 1) entries.splice(at, 0, first)
    else entries.splice(at, 0, first, second)
    return true
  }

  #delete(entries: number[], first: number, second: number): boolean {
    const at = this.#position(entries, first, second)
    if (!this.#isAt(entries, at, first, second)) return false
    entries.splice(at, this.#width)
    return true
  }
}
