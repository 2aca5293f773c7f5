/** Which store ports can be walked. Nothing here runs; see `types.test.ts`. */

import { StreamsBuilder } from '../../lib/dsl/streams-builder.js'
import { stateStore } from '../../lib/operators/state-store.js'
import { int64, string } from '../../lib/serde/primitive.js'
import type { OrderedKeyValueStore, OrderedSessionStore, OrderedWindowStore } from '../../lib/state/ports/ordered.js'
import type { KeyValueStore, SessionStore, WindowStore } from '../../lib/state/ports/store.js'

export function keyValue(plain: KeyValueStore<string, number>, ordered: OrderedKeyValueStore<string, number>): void {
  for (const { key, value, timestamp } of ordered.range('a', null)) plain.put(key, value + 1, timestamp)
  ordered.prefixScan('a', string)
  ordered.prefixScan(Buffer.from('a'))
  // @ts-expect-error a prefix that is no buffer needs its serde
  ordered.prefixScan('a')
  // @ts-expect-error the serde is of another type than the prefix
  ordered.prefixScan(1, string)
  // @ts-expect-error keys are strings
  ordered.range(1, 2)
  // @ts-expect-error only ordered stores are walked
  plain.all()
  // An ordered store serves wherever any store does.
  const either: KeyValueStore<string, number> = ordered
  either.get('a')
}

export function windowed(
  windows: WindowStore<string, number>,
  orderedWindows: OrderedWindowStore<string, number>,
  sessions: SessionStore<string, number>,
  orderedSessions: OrderedSessionStore<string, number>,
): number[] {
  // @ts-expect-error only ordered stores are walked
  windows.fetchAll(0, 1)
  // @ts-expect-error only ordered stores are walked
  sessions.all()
  windows.backwardFetch('a', 0, 1)
  sessions.fetchSession('a', 0, 1)
  const starts = Array.from(orderedWindows.fetchRange('a', null, 0, 1), ({ startMs, timestamp }) => startMs + timestamp)
  return [...starts, ...Array.from(orderedSessions.findByEnd(0, 1), ({ endMs }) => endMs)]
}

const counts = stateStore({ name: 'counts', key: string, value: int64, ordered: true })
const plain = stateStore({ name: 'plain', key: string, value: int64 })
const windows = stateStore({
  name: 'seen',
  kind: 'window',
  windowSizeMs: 1,
  retentionMs: 10,
  key: string,
  value: int64,
})
const sessions = stateStore({
  name: 'visits',
  kind: 'session',
  retentionMs: 10,
  key: int64,
  value: string,
  ordered: true,
})
const versions = stateStore({ name: 'prices', kind: 'versioned', retentionMs: 10, key: string, value: int64 })

export function declared(): void {
  const stream = new StreamsBuilder().stream('in', { key: string, value: string })
  const options = { stores: [counts, plain, windows, sessions, versions, 'named'] }
  stream.process<string, number>((context) => {
    const rows: OrderedKeyValueStore<string, number> = context.getStateStore(counts)
    rows.put('a', 1, 0)
    const store = context.getStateStore(plain)
    // @ts-expect-error only ordered stores are walked
    store.all()
    // @ts-expect-error values are numbers
    store.put('a', 'b', 0)
    context.getStateStore(windows).fetch('a', 0, 1)[0]?.startMs.toFixed()
    context.getStateStore(sessions).findByEnd(0, 1)
    context.getStateStore(versions).getAsOf('a', 1)
    // @ts-expect-error a window store is no key-value store
    const wrong: KeyValueStore<string, number> = context.getStateStore(windows)
    const named: KeyValueStore<string, number> = context.getStateStore('named')
    context.schedule(1, 'streamTime', (timestamp) => context.forward({ key: 'a', value: 1, timestamp }))
    // @ts-expect-error the value goes on as a number
    context.forward({ key: 'a', value: 'b', timestamp: 1 })
    return {
      process({ key, value, timestamp }) {
        named.put(key, (value?.length ?? 0) + (wrong === undefined ? 0 : 1), timestamp)
      },
    }
  }, options)
  // @ts-expect-error a window store needs no such option
  stateStore({ name: 'x', kind: 'windows', key: string, value: int64 })
}
