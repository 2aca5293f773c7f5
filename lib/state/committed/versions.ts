/** Committed reads of a versioned store: the latest version, and the version at a time. */

import type { Version } from '../ports/versioned.js'
import type { LocalVersionedStore } from '../stores/versioned-store.js'
import type { CommittedKeyValue } from './view.js'

/** The latest versions, as of a key-value store, and the earlier ones as far as the history goes. */
export interface CommittedVersions<K = unknown, V = unknown> extends CommittedKeyValue<K, V> {
  /** As `VersionedStore.getAsOf`. */
  getAsOf(key: K, asOfMs: number): Promise<Version<V> | null>
  /** Versions that stood at some time in from..to (both inclusive), oldest first; deletions are no versions. */
  history(key: K, options?: HistoryOptions): Promise<readonly Version<V>[]>
}

/** Which versions of a row, in which order. Default: all, oldest first. */
export interface HistoryOptions {
  /** Milliseconds since the epoch, inclusive. Default 0. */
  readonly fromMs?: number
  /** Milliseconds since the epoch, inclusive. Default: no limit. */
  readonly toMs?: number
  /** Newest first. */
  readonly reverse?: boolean
}

export function versionedView(store: LocalVersionedStore, latest: CommittedKeyValue): CommittedVersions {
  const { parts, times, history } = store
  return {
    ...latest,
    async getAsOf(key, asOfMs) {
      const now = await latest.get(key)
      if (now !== null && now.timestamp <= asOfMs) return { ...now, validToMs: null }
      if (asOfMs < times.committedMs - times.retentionMs) return null
      const past = history.firstCommittedAfter(parts.keys.byteString(key), asOfMs)
      if (past === null || past.validFromMs > asOfMs || past.value === null) return null
      const value = parts.values.value(past.value)
      return { value, timestamp: past.validFromMs, validToMs: past.validToMs }
    },
    async history(key, { fromMs = 0, toMs = Number.POSITIVE_INFINITY, reverse = false } = {}) {
      const found: Version<unknown>[] = []
      if (fromMs > toMs) return found
      for (const { value, validFromMs, validToMs } of history.committedBetween(
        parts.keys.byteString(key),
        fromMs,
        toMs,
      )) {
        if (value !== null) found.push({ value: parts.values.value(value), timestamp: validFromMs, validToMs })
      }
      const now = await latest.get(key)
      if (now !== null && now.timestamp <= toMs) found.push({ ...now, validToMs: null })
      return reverse ? found.reverse() : found
    },
  }
}
