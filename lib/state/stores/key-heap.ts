/**
 * Local keys that start with a time, lowest first, under the transactions of their store: taken keys return after an
 * abort. Keys that an abort or a deletion removed stay until they come up, so every taken key is looked up.
 */
import type { KeyFollower, TransactionFollower } from './store-parts.js'

export class KeyHeap implements KeyFollower, TransactionFollower {
  readonly #heap: string[] = []
  #taken: string[] = []
  #takenInFlight: string[] = []

  add(_timeMs: number, localKey: string): void {
    const heap = this.#heap
    let at = heap.length
    heap.push(localKey)
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (heap[parent]! <= localKey) break
      heap[at] = heap[parent]!
      at = parent
    }
    heap[at] = localKey
  }

  /** The lowest key, undefined when there is none. */
  get first(): string | undefined {
    return this.#heap[0]
  }

  /** Takes the lowest key out. */
  take(): void {
    const heap = this.#heap
    const first = heap[0]
    const last = heap.pop()
    if (first === undefined || last === undefined) return
    this.#taken.push(first)
    if (heap.length > 0) this.#sink(last)
  }

  beginCommit(): void {
    this.#takenInFlight = this.#taken
    this.#taken = []
  }

  commitSucceeded(): void {
    this.#takenInFlight = []
  }

  commitAborted(): void {
    for (const key of this.#takenInFlight) this.add(0, key)
    for (const key of this.#taken) this.add(0, key)
    this.#takenInFlight = []
    this.#taken = []
  }

  /** Puts `key` where the lowest was, then where it belongs. */
  #sink(key: string): void {
    const heap = this.#heap
    const length = heap.length
    let at = 0
    for (let child = 1; child < length; child = 2 * at + 1) {
      if (child + 1 < length && heap[child + 1]! < heap[child]!) child++
      if (heap[child]! >= key) break
      heap[at] = heap[child]!
      at = child
    }
    heap[at] = key
  }
}
