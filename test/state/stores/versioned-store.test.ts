/** Versioned stores against a list of versions per key. */
import type { VersionedStore } from '../../../lib/state/ports/versioned.js'
import { HISTORY_MS, NaiveJoinState } from '../naive-join-state.js'
import { defined, KEYS, oneOf, randomLives } from './random-life.js'

randomLives<VersionedStore<string, number>, NaiveJoinState>('versioned', {
  definition: defined('versioned', { retentionMs: HISTORY_MS }),
  model: () => new NaiveJoinState(),
  step(t, random, store, model, nowMs) {
    const key = oneOf(random, KEYS)
    const at = nowMs - (nowMs % 100) - random.int(random.int(4) === 0 ? HISTORY_MS / 100 : 10) * 100
    const value = random.int(4) === 0 ? null : random.int(1_000)
    t.equal(store.put(key, value, at), model.putVersion(key, value, at))
    t.same(store.getAsOf(key, at), model.asOf(key, at))
    t.same(store.getAsOf(key, at - 250), model.asOf(key, at - 250))
  },
  compare(t, store, model) {
    for (const key of KEYS) t.same(store.get(key), model.latest(key))
  },
})
