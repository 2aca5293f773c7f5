/** Declares a store together with the type of what a processor is given for it. */
import type { Serde } from '../serde/serde.js'
import type { OrderedKeyValueStore, OrderedSessionStore, OrderedWindowStore } from '../state/ports/ordered.js'
import type { HeadersKeyValueStore, KeyValueStore, SessionStore, WindowStore } from '../state/ports/store.js'
import type { VersionedStore } from '../state/ports/versioned.js'
import type { StoreReference } from '../topology/processor.js'
import type { StoreOptions } from '../topology/store-definition.js'

/** The port of a store with these options. */
type PortOf<O, K, V> = O extends { readonly kind: 'window' }
  ? O extends { readonly ordered: true }
    ? OrderedWindowStore<K, V>
    : WindowStore<K, V>
  : O extends { readonly kind: 'session' }
    ? O extends { readonly ordered: true }
      ? OrderedSessionStore<K, V>
      : SessionStore<K, V>
    : O extends { readonly kind: 'versioned' }
      ? VersionedStore<K, V>
      : KeyValuePort<O, K, V>

type KeyValuePort<O, K, V> = (O extends { readonly ordered: true } ? OrderedKeyValueStore<K, V> : KeyValueStore<K, V>) &
  (O extends { readonly headers: true } ? HeadersKeyValueStore<K, V> : unknown)

/**
 * A store that knows its type: `stores: [counts]` at a processor adds and connects it, `context.getStateStore(counts)` is
 * typed. The same object at several processors is the same store.
 */
export function stateStore<K, V, const O extends Omit<StoreOptions<K, V>, 'key' | 'value'>>(
  options: O & { readonly key: Serde<K>; readonly value: Serde<V> },
): StoreOptions<K, V> & StoreReference<PortOf<O, K, V>> {
  return options
}
