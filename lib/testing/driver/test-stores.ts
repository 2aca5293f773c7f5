/** The stores of a topology under test, by name and by kind. */
import { MillraceError } from '../../errors.js'
import type { KeyValueStore, SessionStore, WindowStore } from '../../state/ports/store.js'
import type { VersionedStore } from '../../state/ports/versioned.js'

import { STORES, type StoreKind } from '../../state/stores/index.js'
import type { StorePort } from '../../state/stores/store-info.js'

export interface TestStore {
  readonly kind: StoreKind
  readonly store: unknown
}

/** The stores of the topology under test. A test can read them and write to them. */
export class TestStores {
  readonly #stores: ReadonlyMap<string, TestStore>

  /** @internal */
  constructor(stores: ReadonlyMap<string, TestStore>) {
    this.#stores = stores
  }

  /** All stores, global ones included, by name. */
  all(): Map<string, unknown> {
    return new Map([...this.#stores].map(([name, { store }]) => [name, store]))
  }

  /** A store of any kind. @throws MillraceError TOPOLOGY_STORE_UNKNOWN */
  any(name: string): unknown {
    return this.#find(name).store
  }

  /** A key-value store. @throws MillraceError TOPOLOGY_STORE_UNKNOWN, QUERY_STORE_KIND */
  keyValue<K, V>(name: string): KeyValueStore<K, V> {
    return this.#of(name, 'keyValue') as KeyValueStore<K, V>
  }

  /** A window store. @throws MillraceError TOPOLOGY_STORE_UNKNOWN, QUERY_STORE_KIND */
  window<K, V>(name: string): WindowStore<K, V> {
    return this.#of(name, 'window') as WindowStore<K, V>
  }

  /** A session store. @throws MillraceError TOPOLOGY_STORE_UNKNOWN, QUERY_STORE_KIND */
  session<K, V>(name: string): SessionStore<K, V> {
    return this.#of(name, 'session') as SessionStore<K, V>
  }

  /** A versioned store. @throws MillraceError TOPOLOGY_STORE_UNKNOWN, QUERY_STORE_KIND */
  versioned<K, V>(name: string): VersionedStore<K, V> {
    return this.#of(name, 'versioned') as VersionedStore<K, V>
  }

  #of(name: string, port: StorePort): unknown {
    const { kind, store } = this.#find(name)
    if (STORES[kind].port === port) return store
    throw new MillraceError('QUERY_STORE_KIND', `store ${name} is a ${kind} store, not a ${port} store`)
  }

  #find(name: string): TestStore {
    const found = this.#stores.get(name)
    if (found !== undefined) return found
    throw new MillraceError(
      'TOPOLOGY_STORE_UNKNOWN',
      `The topology has no store ${name}; it has ${[...this.#stores.keys()].join(', ') || 'none'}.`,
    )
  }
}
