/** Stream records that wait for a table against a plain list: taken by time, then key bytes, then arrival. */
import { NO_HEADERS } from '../../../lib/record/record.js'
import type { StreamBuffer } from '../../../lib/state/ports/stream-buffer.js'
import { NaiveJoinState } from '../naive-join-state.js'
import { defined, oneOf, randomLives } from './random-life.js'

const WAITING_KEYS = ['a0', 'b1', '\0\0', 'é', 'zz']

randomLives<StreamBuffer<string, number>, NaiveJoinState>('streamBuffer', {
  definition: defined('streamBuffer'),
  model: () => new NaiveJoinState(),
  step(t, random, store, model, nowMs) {
    const [key, value] = [oneOf(random, WAITING_KEYS), random.int(1_000)]
    if (random.int(5) > 0) {
      const at = nowMs - (nowMs % 100) - random.int(20) * 100
      const headers = random.int(2) === 0 ? NO_HEADERS : [{ key: 'h', value: Buffer.from([value & 255]) }]
      store.add({ key, value, timestamp: at, headers }, { topic: 'in', partition: 0, offset: value })
      model.buffer(key, at, value)
      return
    }
    const untilMs = nowMs - random.int(2_000)
    for (const due of model.drain(untilMs)) t.match(store.take(untilMs, nowMs), due)
    t.equal(store.take(untilMs, nowMs), null)
  },
  compare() {},
})
