/**
 * The two kinds of key-value stores. A time to live, a maximum number of entries, or neither determines the
 * implementation.
 */
import { keyValueView } from '../committed/view.js'
import { LocalExpiringStore } from './expiring-store.js'
import { type KeyValueDefinition, type KeyValueKind, LocalKeyValueStore } from './key-value-store.js'
import { LocalLruStore } from './lru-store.js'
import { compacted, type StoreRow } from './store-info.js'

type KeyValueRow<Kind extends KeyValueKind> = StoreRow<KeyValueDefinition<Kind>, LocalKeyValueStore>

const both: Omit<KeyValueRow<KeyValueKind>, 'kind' | 'savedAs' | 'rebuiltFrom'> = {
  port: 'keyValue',
  settings: {
    cached: 'silent',
    ordered: 'silent',
    headers: 'silent',
    ttlMs: { bound: 'time to live', unit: 'ms' },
    maxEntries: { bound: 'limit', unit: 'rows' },
  },
  writes: ['put', 'putIfAbsent', 'delete'],
  changelogConfig: compacted,
  open(parts, stored) {
    const { ttlMs, maxEntries } = parts.definition
    if (ttlMs !== undefined) return new LocalExpiringStore(parts, stored, ttlMs)
    return maxEntries === undefined ? new LocalKeyValueStore(parts) : new LocalLruStore(parts, maxEntries)
  },
  committed: (store) => keyValueView(store, (timestampMs) => store.isOver(timestampMs)),
}

export const keyValueInfo: KeyValueRow<'keyValue'> = {
  ...both,
  kind: 'keyValue',
  savedAs: 'keyValue',
  rebuiltFrom: ['timestampedKeyValue'],
}

/** Rows keep the time of their last change, in the changelog as in `keyValue`. */
export const timestampedKeyValueInfo: KeyValueRow<'timestampedKeyValue'> = {
  ...both,
  kind: 'timestampedKeyValue',
  savedAs: 'timestampedKeyValue',
  rebuiltFrom: ['keyValue', 'versioned'],
}
