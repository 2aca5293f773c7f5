/** Committed reads of the window stores of stream-stream joins: a key may have several records with one time. */
import { int64ByteString } from '../../serde/int64-bytes.js'
import { JOIN_PREFIX_BYTES, joinLocalKey, leadingTime } from '../layers/time-keys.js'
import type { WindowEntry } from '../ports/store.js'
import type { LocalJoinWindowStore } from '../stores/join-window-store.js'
import { committedEntries } from './entries.js'
import { keyFilter } from './key-bounds.js'
import type { CommittedWindows } from './view.js'

/** `get` gives the record that came first. */
export function joinWindowView({ parts, directory, retention }: LocalJoinWindowStore): CommittedWindows {
  const partners = (key: unknown, fromMs: number, toMs: number) => {
    const text = parts.keys.byteString(key)
    const found: WindowEntry<unknown>[] = []
    directory.forEachCommitted(text, Math.max(fromMs, retention.committedLimit() + 1), toMs, (startMs, sequence) => {
      const entry = parts.data.committed(joinLocalKey(startMs, sequence, text))
      if (entry !== undefined) found.push({ startMs, value: parts.values.value(entry.held), timestamp: startMs })
    })
    return found
  }
  return {
    kind: 'window',
    get: async (key, startMs) => partners(key, startMs, startMs)[0] ?? null,
    fetch: async (key, fromMs, toMs, { reverse = false } = {}) => {
      const found = partners(key, fromMs, toMs)
      return reverse ? found.reverse() : found
    },
    async *fetchAll(fromMs, toMs, { reverse = false, ...bounds } = {}) {
      const isAsked = keyFilter(parts, bounds, JOIN_PREFIX_BYTES)
      const from = Math.max(fromMs, retention.committedLimit() + 1, 0)
      const end = toMs >= Number.MAX_SAFE_INTEGER ? null : int64ByteString(toMs + 1)
      for await (const { key, held } of committedEntries(parts.data, int64ByteString(from), end, reverse)) {
        if (!isAsked(key)) continue
        const startMs = leadingTime(key)
        const value = parts.values.value(held)
        yield { key: parts.keys.fromByteString(key.slice(JOIN_PREFIX_BYTES)), startMs, value, timestamp: startMs }
      }
    },
  }
}
