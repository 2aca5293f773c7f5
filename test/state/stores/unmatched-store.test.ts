/** Records that wait for a partner against a plain list: taken in Kafka Streams' order. */
import { int64 } from '../../../lib/serde/primitive.js'
import type { Serde } from '../../../lib/serde/serde.js'
import { unmatchedValues } from '../../../lib/serde/unmatched.js'
import type { UnmatchedStore } from '../../../lib/state/ports/join-stores.js'
import { NaiveJoinState } from '../naive-join-state.js'
import { defined, oneOf, randomLives } from './random-life.js'

const NUMBER = int64 as Serde<unknown>
// None is the beginning of another: only then is the order that of key, then arrival.
const WAITING_KEYS = ['a0', 'b1', '\0\0', 'é', 'zz']

randomLives<UnmatchedStore<string, number>, NaiveJoinState>('unmatched', {
  definition: defined('unmatched', { valueSerde: unmatchedValues(NUMBER, NUMBER) }),
  model: () => new NaiveJoinState(),
  step(t, random, store, model, nowMs) {
    const [key, value, left] = [oneOf(random, WAITING_KEYS), random.int(1_000), random.int(2) === 0]
    const at = nowMs - (nowMs % 100) - random.int(20) * 100
    const how = random.int(6)
    if (how === 0) {
      const [leftMs, rightMs] = [at - random.int(10_000), at - random.int(10_000)]
      t.same(store.take(leftMs, rightMs, nowMs), model.release(leftMs, rightMs))
    } else if (how === 1 && model.unmatched.length > 0) {
      const some = oneOf(random, model.unmatched)
      store.remove(some.key, some.ts, some.left, nowMs)
      model.matched(some.key, some.ts, some.left)
    } else {
      store.add({ key, value, timestampMs: at, left })
      model.wait(key, at, left, value)
    }
  },
  compare() {},
})
