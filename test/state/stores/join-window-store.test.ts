/** The records of one side of a stream-stream join against a plain list: duplicates stay, in the order they came. */
import type { JoinWindowStore } from '../../../lib/state/ports/join-stores.js'
import { HISTORY_MS, NaiveJoinState } from '../naive-join-state.js'
import { defined, KEYS, oneOf, randomLives } from './random-life.js'

randomLives<JoinWindowStore<string, number>, NaiveJoinState>('joinWindow', {
  definition: defined('joinWindow', { retentionMs: HISTORY_MS, windowSizeMs: 1_000 }),
  model: () => new NaiveJoinState(),
  step(_t, random, store, model, nowMs) {
    const [key, value] = [oneOf(random, KEYS), random.int(1_000)]
    // Often at the very same time.
    const at = nowMs - (nowMs % 1_000) - random.int(random.int(5) === 0 ? HISTORY_MS / 500 : 3) * 1_000
    store.put(key, at, value)
    model.keep(key, at, value)
  },
  compare(t, store, model) {
    for (const key of KEYS) t.same(store.fetch(key, 0, 1e12), model.partners(key, 0, 1e12))
  },
})
