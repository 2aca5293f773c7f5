/** Declares a store together with the type that a processor gets for it. */
import type { Serde } from '../serde/serde.js'
import type { OrderedKeyValueStore, OrderedSessionStore, OrderedWindowStore } from '../state/ports/ordered.js'
import type { HeadersKeyValueStore, KeyValueStore, SessionStore, WindowStore } from '../state/ports/store.js'
import type { VersionedStore } from '../state/ports/versioned.js'
import type { StoreReference } from '../topology/processor.js'
import { checkStoreNames, type StoreOptions } from '../topology/store-definition.js'

/** The ports of the kinds a user may declare: as declared, and declared `ordered`. */
export interface Ports<K, V> {
  /** Key-value stores. */
  readonly keyValue: readonly [KeyValueStore<K, V>, OrderedKeyValueStore<K, V>]
  /** The same, as Kafka Streams names them. */
  readonly timestampedKeyValue: readonly [KeyValueStore<K, V>, OrderedKeyValueStore<K, V>]
  /** Window stores. */
  readonly window: readonly [WindowStore<K, V>, OrderedWindowStore<K, V>]
  /** Session stores. */
  readonly session: readonly [SessionStore<K, V>, OrderedSessionStore<K, V>]
  /** Versioned stores. */
  readonly versioned: readonly [VersionedStore<K, V>, VersionedStore<K, V>]
}

/** The kind of a declared store. Used by the compiler only. */
export type DeclaredKind<O> = O extends { readonly kind: infer Kind extends keyof Ports<never, never> }
  ? Kind
  : 'keyValue'

/** The port of a store with these options. */
export type PortOf<O, K, V> = Ports<K, V>[DeclaredKind<O>][O extends { readonly ordered: true } ? 1 : 0] &
  (O extends { readonly headers: true } ? HeadersKeyValueStore<K, V> : unknown)

/**
 * A store that knows its type: `stores: [counts]` at a processor adds and connects it, `context.getStateStore(counts)` is
 * typed. The same object at several processors is the same store.
 */
export function stateStore<K, V, const O extends Omit<StoreOptions<K, V>, 'key' | 'value'>>(
  options: O & { readonly key: Serde<K>; readonly value: Serde<V> },
): StoreOptions<K, V> & StoreReference<PortOf<O, K, V>> {
  checkStoreNames(options)
  return options
}
