/** One topology, one write and one read for each kind of store. A kind without its walk does not compile. */

import { untilTimeLimit } from '../../../lib/dsl/plan/suppressed.js'
import type { StreamsBuilder } from '../../../lib/dsl/streams-builder.js'
import { string } from '../../../lib/serde/primitive.js'
import type { JoinWindowStore, UnmatchedStore } from '../../../lib/state/ports/join-stores.js'
import type { KeyValueStore, SessionStore, SubscriptionStore, WindowStore } from '../../../lib/state/ports/store.js'
import type { StreamBuffer } from '../../../lib/state/ports/stream-buffer.js'
import type { SuppressBuffer } from '../../../lib/state/ports/suppress-buffer.js'
import type { DueTimers, TimerStore } from '../../../lib/state/ports/timer-store.js'
import type { VersionedStore } from '../../../lib/state/ports/versioned.js'
import type { StoreKind } from '../../../lib/state/stores/index.js'
import type { TestStores } from '../../../lib/testing/driver/test-stores.js'
import { type StoreOptions, storeDefinition } from '../../../lib/topology/store-definition.js'
import { joinWindow } from '../../../lib/windows/join-window.js'

export const text = { key: string, value: string }

export interface Walk {
  /** Writes a topology with a store of the kind. */
  readonly topology: (builder: StreamsBuilder) => unknown
  readonly write: (store: never, n: number) => unknown
  /** Everything of the first ten writes; it may change the store. */
  readonly read: (store: never) => readonly unknown[]
  /** What queries are told a row is; null: there are no rows. */
  readonly view: 'keyValue' | 'window' | 'session' | null
  readonly cleanup: string
  /** The view of the test driver that takes it. */
  readonly driver?: 'keyValue' | 'window' | 'session' | 'versioned'
}

const TEN = Array.from({ length: 10 }, (_, i) => i)
const declared = (options: Omit<StoreOptions<string, string>, 'name' | 'key' | 'value'>) => (b: StreamsBuilder) => {
  b.addStateStore({ name: 's', ...text, ...options })
  b.stream('in', text).process(() => ({ process() {} }), { stores: ['s'] })
}
const streamJoin = (b: StreamsBuilder) =>
  b.stream('in', text).outerJoin(b.stream('other', text), {
    window: joinWindow({ beforeMs: 5, afterMs: 5, graceMs: 1_000 }),
    joiner: () => '',
    otherValue: string,
    ...text,
  })
const origin = { topic: 'in', partition: 0, offset: 0 }

type Store = KeyValueStore<string, string>
const keyValue = (kind: 'keyValue' | 'timestampedKeyValue'): Walk => ({
  topology: declared({ kind }),
  write: (store: Store, n: number) => store.put(`k${n}`, `v${n}`, n),
  read: (store: Store) => TEN.flatMap((n) => store.get(`k${n}`) ?? []),
  view: 'keyValue',
  cleanup: 'compact',
  driver: 'keyValue',
})

export const WALKS: { readonly [K in StoreKind]: Walk } = {
  keyValue: keyValue('keyValue'),
  timestampedKeyValue: keyValue('timestampedKeyValue'),
  window: {
    topology: declared({ kind: 'window', windowSizeMs: 10, retentionMs: 1_000 }),
    write: (store: WindowStore<string, string>, n: number) => store.put('k', n * 10, `v${n}`, n * 10),
    read: (store: WindowStore<string, string>) => store.fetch('k', 0, 1_000),
    view: 'window',
    cleanup: 'compact,delete',
    driver: 'window',
  },
  session: {
    topology: declared({ kind: 'session', retentionMs: 1_000 }),
    write: (store: SessionStore<string, string>, n: number) => store.put('k', n * 10, n * 10 + 5, `v${n}`),
    read: (store: SessionStore<string, string>) => store.find('k', 0, 1_000),
    view: 'session',
    cleanup: 'compact,delete',
    driver: 'session',
  },
  versioned: {
    topology: declared({ kind: 'versioned', retentionMs: 1_000 }),
    write: (store: VersionedStore<string, string>, n: number) => store.put('k', `v${n}`, n),
    read: (store: VersionedStore<string, string>) =>
      TEN.map((n) => store.getAsOf('k', n)).filter((version, n) => version?.timestamp === n),
    view: 'keyValue',
    cleanup: 'compact',
    driver: 'versioned',
  },
  joinWindow: {
    topology: streamJoin,
    write: (store: JoinWindowStore<string, string>, n: number) => store.put('k', n, `v${n}`),
    read: (store: JoinWindowStore<string, string>) => store.fetch('k', 0, 1_000),
    view: 'window',
    cleanup: 'delete',
    driver: 'window',
  },
  unmatched: {
    topology: streamJoin,
    write: (store: UnmatchedStore<string, string>, n: number) =>
      store.add({ key: 'k', value: `v${n}`, timestampMs: n, left: n % 2 === 0 }),
    read: (store: UnmatchedStore<string, string>) => store.take(1_000, 1_000, 1_000),
    view: null,
    cleanup: 'compact',
  },
  streamBuffer: {
    topology: (b) => {
      const table = b.table('t', { ...text, store: { versioned: { historyRetentionMs: 1_000 } } })
      return b.stream('in', text).join(table, { joiner: () => '', graceMs: 5 })
    },
    write: (store: StreamBuffer<string, string>, n: number) =>
      store.add({ key: 'k', value: `v${n}`, timestamp: n, headers: [] }, origin),
    read: (store: StreamBuffer<string, string>) => TEN.flatMap(() => store.take(1_000, 1_000) ?? []),
    view: null,
    cleanup: 'compact',
  },
  subscription: {
    topology: (b) =>
      b
        .table('in', text)
        .join(b.table('other', text), { foreignKey: (value) => value, joiner: () => '', value: string }),
    write: (store: SubscriptionStore, n: number) =>
      store.put(Buffer.from('f'), Buffer.from(`k${n}`), Buffer.from(`v${n}`), n),
    read: (store: SubscriptionStore) => {
      const found: string[] = []
      store.forEach(Buffer.from('f'), (key, value) => found.push(`${key}=${value}`))
      return found
    },
    view: 'keyValue',
    cleanup: 'compact',
  },
  suppressBuffer: {
    topology: (b) => b.table('in', text).suppress(untilTimeLimit(5)),
    write: (store: SuppressBuffer<string, string>, n: number) =>
      store.put(`k${n}`, n, `v${n}`, null, { timestamp: n, headers: [], ...origin }),
    read: (store: SuppressBuffer<string, string>) =>
      TEN.flatMap(() => {
        const first = store.first()
        store.removeFirst(1_000)
        return first ?? []
      }),
    view: null,
    cleanup: 'compact',
  },
  timers: {
    topology: (b) => {
      b.addTimerStore({ name: 's', key: string })
      b.stream('in', text).process(() => ({ process() {}, onTimer() {} }), { stores: ['s'] })
    },
    write: (store: TimerStore<string>, n: number) => store.schedule(`k${n}`, n),
    read: (store: DueTimers) => {
      const fired: string[] = []
      store.fire(1_000, (key, atMs) => fired.push(`${key}@${atMs}`))
      return fired
    },
    view: 'keyValue',
    cleanup: 'compact',
  },
}

export function driverViews(
  stores: TestStores,
  name: string,
): { readonly [view in NonNullable<Walk['driver']>]: () => unknown } {
  return {
    keyValue: () => stores.keyValue(name),
    window: () => stores.window(name),
    session: () => stores.session(name),
    versioned: () => stores.versioned(name),
  }
}

/** What a user may set of the kinds that have settings, beyond those the walk has. */
export const OTHER_SETTINGS: readonly (readonly [StoreKind, Parameters<typeof declared>[0]])[] = [
  ['keyValue', { ttlMs: 5 }],
  ['timestampedKeyValue', { kind: 'timestampedKeyValue', maxEntries: 20 }],
  ['timestampedKeyValue', { kind: 'timestampedKeyValue', headers: true, ordered: true }],
  ['window', { kind: 'window', windowSizeMs: 10, retentionMs: 1_000, ordered: true }],
  ['session', { kind: 'session', retentionMs: 1_000, cached: true, ordered: true }],
]

export function declaredStore(options: Parameters<typeof declared>[0]) {
  return storeDefinition({ name: 's', ...text, ...options })
}
