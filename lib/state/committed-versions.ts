/** Committed reads of a versioned store: what stands, and what stood at a time. */
import type { CommittedKeyValue } from './committed-view.js'
import type { Version } from './versioned.js'
import type { LocalVersionedStore } from './versioned-store.js'

/** The latest versions, as of a key-value store, and the earlier ones as far as the history goes. */
export interface CommittedVersions<K = unknown, V = unknown> extends CommittedKeyValue<K, V> {
  /** As `VersionedStore.getAsOf`. */
  getAsOf(key: K, asOfMs: number): Promise<Version<V> | null>
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
  }
}
