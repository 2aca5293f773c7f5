/** Window stores against a plain list, with retention running out on the way. */
import type { WindowStore } from '../../../lib/state/ports/store.js'
import { defined, KEYS, oneOf, randomLives } from './random-life.js'

const RETENTION_MS = 150_000

interface Windows {
  observedMs: number
  readonly rows: Map<
    string,
    { readonly key: string; readonly startMs: number; readonly value: number; readonly timestamp: number }
  >
}

for (const timeIndexed of [false, true]) {
  // With an index a window is kept one ms longer, as in Kafka Streams' store for results on close.
  const gone = ({ observedMs }: Windows, startMs: number) =>
    startMs <= observedMs - RETENTION_MS - (timeIndexed ? 1 : 0)
  randomLives<WindowStore<string, number>, Windows>(timeIndexed ? 'window, indexed by time' : 'window', {
    definition: defined('window', { cached: false, windowSizeMs: 1_000, retentionMs: RETENTION_MS, timeIndexed }),
    model: () => ({ observedMs: -1, rows: new Map() }),
    step(t, random, store, model, nowMs) {
      const key = oneOf(random, KEYS)
      const startMs = Math.floor((nowMs - random.int(random.int(5) === 0 ? 200_000 : 5_000)) / 1_000) * 1_000
      const value = random.int(4) === 0 ? null : random.int(1_000)
      const late = gone(model, startMs)
      t.equal(store.put(key, startMs, value, nowMs), !late)
      if (late) return
      model.observedMs = Math.max(model.observedMs, startMs)
      if (value === null) model.rows.delete(`${startMs}|${key}`)
      else model.rows.set(`${startMs}|${key}`, { key, startMs, value, timestamp: nowMs })
    },
    compare(t, store, model) {
      const there = [...model.rows.values()]
        .filter(({ startMs }) => !gone(model, startMs))
        .sort((a, b) => a.startMs - b.startMs || Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)))
      for (const key of KEYS) {
        const mine = there.filter((row) => row.key === key).map(({ key: _, ...row }) => row)
        t.same(store.fetch(key, 0, Number.POSITIVE_INFINITY), mine)
        t.same(store.backwardFetch(key, 0, Number.POSITIVE_INFINITY), [...mine].reverse())
        const last = mine.at(-1)
        if (last !== undefined) t.same(store.get(key, last.startMs), { value: last.value, timestamp: last.timestamp })
      }
      if (!timeIndexed) return
      // It also gives those that the next commit will remove.
      const from = Math.max(0, model.observedMs - RETENTION_MS)
      t.same(
        store.startingBetween(from, Number.MAX_SAFE_INTEGER),
        there.filter(({ startMs }) => startMs >= from),
      )
    },
  })
}
