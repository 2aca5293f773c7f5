/**
 * The common parts of table operators: records with a `Change`, and stores that forward at once or when they are
 * flushed.
 */
import type { Headers, StreamRecord } from '../record/record.js'
import type { KeyValueStore, SessionStore, WindowStore } from '../state/ports/store.js'
import type { Change } from '../topology/node-base.js'
import type { CacheForwarding } from './context.js'
import type { Push } from './operator.js'

/** Hands on a change of one key, at once or (cached store) not at all, because the flush listener will. */
export type ForwardChange = (
  key: unknown,
  newValue: unknown,
  oldValue: unknown,
  timestamp: number,
  headers: Headers,
) => void

export function changeRecord(
  key: unknown,
  newValue: unknown,
  oldValue: unknown,
  timestamp: number,
  headers: Headers,
  isLatest = true,
): StreamRecord<unknown, Change<unknown>> {
  return { key, value: { newValue, oldValue, isLatest }, timestamp, headers }
}

/** The change in a record on a table edge. */
export function changeOf(record: StreamRecord): Change<unknown> {
  return record.value as Change<unknown>
}

/** Forwards changes at once. */
export function forwardNow(forward: Push): ForwardChange {
  return (key, newValue, oldValue, timestamp, headers) =>
    forward(changeRecord(key, newValue, oldValue, timestamp, headers))
}

const waitForFlush: ForwardChange = () => {}

/**
 * How the owner of a key-value store forwards: at once, or, where the store is cached, through its flush listener,
 * which sees one net change per key and commit, with the headers its last `put` was given.
 */
export function forwardThrough(store: KeyValueStore<unknown, unknown>, context: CacheForwarding): ForwardChange {
  if (!store.cached) return forwardNow(context.forward)
  // A cache that is full flushes in the middle of another record, which is not to blame for what comes of it.
  const now = forwardNow(context.withoutRecord(context.forward))
  store.onFlush(now)
  return waitForFlush
}

/** The same for a window store: what its flush listener calls a key becomes a windowed key. */
export function forwardWindowsThrough(
  store: WindowStore<unknown, unknown>,
  sizeMs: number,
  context: CacheForwarding,
): ForwardChange {
  if (!store.cached) return forwardNow(context.forward)
  // A cache that is full flushes in the middle of another record, which is not to blame for what comes of it.
  const now = forwardNow(context.withoutRecord(context.forward))
  store.onFlush(({ key, startMs }, newValue, oldValue, timestamp, headers) => {
    const window = { startMs, endMs: startMs + sizeMs }
    now({ key, window }, newValue, oldValue, timestamp, headers)
  })
  return waitForFlush
}

/** The same for a session store. */
export function forwardSessionsThrough(store: SessionStore<unknown, unknown>, context: CacheForwarding): ForwardChange {
  if (!store.cached) return forwardNow(context.forward)
  // A cache that is full flushes in the middle of another record, which is not to blame for what comes of it.
  const now = forwardNow(context.withoutRecord(context.forward))
  store.onFlush(({ key, startMs, endMs }, newValue, oldValue, timestamp, headers) =>
    now({ key, window: { startMs, endMs } }, newValue, oldValue, timestamp, headers),
  )
  return waitForFlush
}
