/** Which store ports can be walked. Nothing here runs; see `types.test.ts`. */

import { string } from '../../lib/serde/primitive.js'
import type { OrderedKeyValueStore, OrderedSessionStore, OrderedWindowStore } from '../../lib/state/ordered.js'
import type { KeyValueStore, SessionStore, WindowStore } from '../../lib/state/store.js'

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
