/** A table operator's own store of any kind: writes a row and forwards the change. */
import type { Headers } from '../record/record.js'
import type { KeyValueStore, ValueAndTimestamp } from '../state/ports/store.js'
import type { VersionedStore } from '../state/ports/versioned.js'
import { changeRecord, forwardThrough } from './change.js'
import type { TableKeeping } from './context.js'

export interface TableStore {
  /** The latest row of a key. */
  get(key: unknown): ValueAndTimestamp<unknown> | null
  /** Puts `after` (null deletes), then forwards the change: now, or with the cache's next flush. */
  write(key: unknown, after: unknown, before: unknown, timestamp: number, headers: Headers): void
}

export function tableStore(name: string, context: TableKeeping): TableStore {
  if (context.storePort(name) === 'versioned') return versionedTable(name, context)
  const store = context.store<KeyValueStore<unknown, unknown>>(name)
  const forward = forwardThrough(store, context)
  return {
    get: (key) => store.get(key),
    write(key, after, before, timestamp, headers) {
      store.put(key, after, timestamp, headers)
      forward(key, after, before, timestamp, headers)
    },
  }
}

/** A version older than the latest is forwarded as such; one older than the history is dropped. Versions are not cached. */
function versionedTable(name: string, context: TableKeeping): TableStore {
  const store = context.store<VersionedStore<unknown, unknown>>(name)
  const { forward } = context
  return {
    get: (key) => store.get(key),
    write(key, after, before, timestamp, headers) {
      const put = store.put(key, after, timestamp)
      if (put === 'expired') context.drop('expired')
      else forward(changeRecord(key, after, before, timestamp, headers, put === 'latest'))
    },
  }
}
