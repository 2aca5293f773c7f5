/** Subscriptions of a foreign-key join against a plain map: by foreign key, in the order of primary keys. */
import { bytes } from '../../../lib/serde/primitive.js'
import type { SubscriptionStore } from '../../../lib/state/ports/store.js'
import { defined, oneOf, randomLives } from './random-life.js'

const FOREIGN = ['', 'a', 'ab', 'é']
const PRIMARY = ['', 'k', 'k\0', 'kk', 'z']

randomLives<SubscriptionStore, Map<string, Map<string, string>>>('subscription', {
  definition: defined('subscription', { keySerde: bytes, valueSerde: bytes }),
  model: () => new Map(),
  step(_t, random, store, model, nowMs) {
    const [foreign, primary] = [oneOf(random, FOREIGN), oneOf(random, PRIMARY)]
    const value = random.int(3) === 0 ? null : `v${random.int(1_000)}`
    store.put(Buffer.from(foreign), Buffer.from(primary), value === null ? null : Buffer.from(value), nowMs)
    const group = model.get(foreign) ?? new Map<string, string>()
    model.set(foreign, group)
    if (value === null) group.delete(primary)
    else group.set(primary, value)
  },
  compare(t, store, model) {
    for (const foreign of FOREIGN) {
      const found: (readonly [string, string])[] = []
      store.forEach(Buffer.from(foreign), (key, value) => found.push([key.toString(), value.toString()]))
      const expected = [...(model.get(foreign) ?? [])].sort(([a], [b]) =>
        Buffer.compare(Buffer.from(a), Buffer.from(b)),
      )
      t.same(found, expected)
    }
  },
})
