/** Key-value stores of both kinds, in order or not, against a plain map. */
import type { OrderedKeyValueStore } from '../../../lib/state/ports/ordered.js'
import { defined, KEYS, oneOf, randomLives } from './random-life.js'

type Rows = Map<string, { readonly value: number; readonly timestamp: number }>

function lives(kind: 'keyValue' | 'timestampedKeyValue', ordered: boolean): void {
  randomLives<OrderedKeyValueStore<string, number>, Rows>(`${kind}${ordered ? ', ordered' : ''}`, {
    definition: defined(kind, { cached: false, ...(ordered && { ordered }) }),
    model: () => new Map(),
    step(t, random, store, rows, nowMs) {
      const [key, value] = [oneOf(random, KEYS), random.int(1_000)]
      const stood = rows.get(key) ?? null
      const how = random.int(5)
      if (how === 0) {
        t.same(store.delete(key), stood)
        rows.delete(key)
      } else if (how === 1) {
        t.same(store.putIfAbsent(key, value, nowMs), stood)
        if (stood === null) rows.set(key, { value, timestamp: nowMs })
      } else if (how === 2) {
        store.put(key, null, nowMs)
        rows.delete(key)
      } else {
        store.put(key, value, nowMs)
        rows.set(key, { value, timestamp: nowMs })
      }
    },
    compare(t, store, rows) {
      for (const key of KEYS) t.same(store.get(key), rows.get(key) ?? null)
      if (!ordered) return
      const sorted = [...rows].sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
      t.same(
        [...store.all()],
        sorted.map(([key, row]) => ({ key, ...row })),
      )
      t.same(
        Array.from(store.reverseRange('a', 'é'), ({ key }) => key),
        sorted
          .map(([key]) => key)
          .filter((key) => key !== '')
          .reverse(),
      )
    },
  })
}

for (const kind of ['keyValue', 'timestampedKeyValue'] as const)
  for (const ordered of [false, true]) lives(kind, ordered)
