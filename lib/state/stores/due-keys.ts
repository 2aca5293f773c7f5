/**
 * The keys of a store by due time: a heap of `time | key` with at most one entry per key, not later than the key's own
 * time. If a key's time becomes later, its entry is moved when it comes up. It follows the store's transactions: taken
 * keys return after an abort.
 */
import { int64ByteString } from '../../serde/int64-bytes.js'
import { leadingTime } from '../layers/time-keys.js'
import { KeyHeap } from './key-heap.js'

const TIME_BYTES = 8

/** The local key behind the time of an entry. */
export function dueKey(entry: string): string {
  return entry.slice(TIME_BYTES)
}

export class DueKeys extends KeyHeap {
  /** Hears of the time of every entry that comes. */
  onEntry: ((timeMs: number) => void) | null = null
  readonly #queuedMs = new Map<string, number>()

  /** Infinity when there is none. */
  get nextMs(): number {
    return this.first === undefined ? Number.POSITIVE_INFINITY : leadingTime(this.first)
  }

  /** `localKey` is due at `timeMs`, unless its time changes. */
  note(localKey: string, timeMs: number): void {
    const queuedMs = this.#queuedMs.get(localKey)
    if (queuedMs === undefined || queuedMs > timeMs) this.add(timeMs, int64ByteString(timeMs) + localKey)
  }

  override add(_timeMs: number, entry: string): void {
    const timeMs = leadingTime(entry)
    const localKey = dueKey(entry)
    const queuedMs = this.#queuedMs.get(localKey)
    if (queuedMs === undefined || queuedMs > timeMs) this.#queuedMs.set(localKey, timeMs)
    super.add(timeMs, entry)
    this.onEntry?.(timeMs)
  }

  override take(): void {
    const { first } = this
    if (first === undefined) return
    const localKey = dueKey(first)
    if (this.#queuedMs.get(localKey) === leadingTime(first)) this.#queuedMs.delete(localKey)
    super.take()
  }
}
