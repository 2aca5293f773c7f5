/** The port of a store that keeps every version of a row as long as its history is kept (KIP-889). */
import type { ValueAndTimestamp } from './store.js'

export interface Version<V> extends ValueAndTimestamp<V> {
  /** When the next version began; null: this is the latest. */
  readonly validToMs: number | null
}

/**
 * A number: when the version ended (ms), for a later one was there already. `expired`: older than the history; nothing was
 * kept.
 */
export type VersionedPut = 'latest' | 'expired' | number

export interface VersionedStore<K, V> {
  readonly name: string
  /** The latest version, or null where it is a deletion. The latest version never expires. */
  get(key: K): ValueAndTimestamp<V> | null
  /**
   * The version that stood at `asOfMs`; null where there was none, or where that is longer ago than the history and the
   * latest version is younger.
   */
  getAsOf(key: K, asOfMs: number): Version<V> | null
  /** Adds a version that begins at `timestamp`, or replaces the one that does; null deletes. */
  put(key: K, value: V | null, timestamp: number): VersionedPut
  /**
   * Deletes from `timestamp` on, up to the version that begins next. Returns what stood there until now, or null; null also
   * where that is older than the history, and then nothing is done.
   */
  delete(key: K, timestamp: number): ValueAndTimestamp<V> | null
}
