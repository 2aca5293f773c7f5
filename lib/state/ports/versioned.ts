/** The port of a store that keeps the versions of each row for its history retention (KIP-889). */
import type { ValueAndTimestamp } from './store.js'

/** One version of a row. */
export interface Version<V> extends ValueAndTimestamp<V> {
  /** When the next version began, milliseconds since the epoch; null: this is the latest one. */
  readonly validToMs: number | null
}

/**
 * What a `put` did. `latest`: the version is the latest now. A number: there was a later version already, and this one ends at that
 * time (milliseconds). `expired`: the version is older than the history, and nothing was written.
 */
export type VersionedPut = 'latest' | 'expired' | number

/** A store that keeps the versions of each row for the time of its history (KIP-889). */
export interface VersionedStore<K, V> {
  readonly name: string
  /** The latest version; null if the row was deleted or never existed. The latest version never expires. */
  get(key: K): ValueAndTimestamp<V> | null
  /**
   * The version that was valid at `asOfMs`; null if there was none, or if that is longer ago than the history and the latest version
   * is younger.
   */
  getAsOf(key: K, asOfMs: number): Version<V> | null
  /** Adds a version that begins at `timestamp`, or replaces the one that begins then; null deletes from then on. */
  put(key: K, value: V | null, timestamp: number): VersionedPut
  /**
   * Deletes from `timestamp` until the next version begins. Returns the version that was valid at that time, or null. If `timestamp` is
   * older than the history, nothing is changed and the result is null.
   */
  delete(key: K, timestamp: number): ValueAndTimestamp<V> | null
}
