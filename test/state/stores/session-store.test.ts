/** Session stores against a plain list, with retention running out on the way. */
import type { SessionStore } from '../../../lib/state/ports/store.js'
import { defined, KEYS, oneOf, randomLives } from './random-life.js'

const RETENTION_MS = 150_000
const FOREVER = Number.POSITIVE_INFINITY

interface Sessions {
  observedMs: number
  readonly rows: Map<
    string,
    { readonly key: string; readonly startMs: number; readonly endMs: number; readonly value: number }
  >
}

const gone = ({ observedMs }: Sessions, endMs: number) => endMs < observedMs - RETENTION_MS

randomLives<SessionStore<string, number>, Sessions>('session', {
  definition: defined('session', { cached: false, retentionMs: RETENTION_MS }),
  model: () => ({ observedMs: -1, rows: new Map() }),
  step(_t, random, store, model, nowMs) {
    const key = oneOf(random, KEYS)
    const endMs = nowMs - random.int(random.int(5) === 0 ? 200_000 : 5_000)
    const startMs = endMs - random.int(3) * 100
    const value = random.int(4) === 0 ? null : random.int(1_000)
    // Half of the removals find something.
    const some = [...model.rows.values()].at(-1)
    if (value === null && some !== undefined && random.int(2) === 0) {
      store.put(some.key, some.startMs, some.endMs, null)
      if (!gone(model, some.endMs)) model.rows.delete(`${some.startMs}|${some.endMs}|${some.key}`)
      return
    }
    store.put(key, startMs, endMs, value)
    if (gone(model, endMs)) return
    model.observedMs = Math.max(model.observedMs, endMs)
    if (value === null) model.rows.delete(`${startMs}|${endMs}|${key}`)
    else model.rows.set(`${startMs}|${endMs}|${key}`, { key, startMs, endMs, value })
  },
  compare(t, store, model) {
    for (const key of KEYS) {
      const mine = [...model.rows.values()]
        .filter((row) => row.key === key && !gone(model, row.endMs))
        .map(({ key: _, ...row }) => row)
        .sort((a, b) => a.endMs - b.endMs || a.startMs - b.startMs)
      t.same(store.find(key, 0, FOREVER), mine)
      t.same(store.backwardFind(key, 0, FOREVER), [...mine].reverse())
      const last = mine.at(-1)
      if (last !== undefined) t.equal(store.fetchSession(key, last.startMs, last.endMs), last.value)
    }
  },
})
