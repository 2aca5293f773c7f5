import t from 'tap'
import { TimerBuckets } from '../../lib/personalization/decisions/timers.js'
import { seededRandom } from '../../lib/record/random.js'
import type { KeyValueStore } from '../../lib/state/ports/store.js'

function mapStore(): { store: KeyValueStore<string, string>; map: Map<string, string> } {
  const map = new Map<string, string>()
  const store = {
    name: 'timers',
    cached: false,
    onFlush() {},
    get: (key: string) => (map.has(key) ? { value: map.get(key)!, timestamp: 0 } : null),
    put(key: string, value: string | null) {
      if (value === null) map.delete(key)
      else map.set(key, value)
    },
    putIfAbsent: () => null,
    delete: () => null,
  }
  return { store, map }
}

t.test('fires what a sorted list fires, bucket by bucket, and leaves nothing behind', async (t) => {
  for (let seed = 1; seed <= 20; seed++) {
    const random = seededRandom(seed)
    const { store, map } = mapStore()
    const bucketMs = 1 + random.int(50)
    let waiting: { bucket: number; subject: string }[] = []
    let now = 0
    for (let step = 0; step < 300; step++) {
      if (random.next() < 0.7) {
        const dueMs = now + random.int(500)
        const subject = `s${random.int(40)}`
        // A new object each time: nothing may live in memory only.
        new TimerBuckets(store, bucketMs).add(dueMs, subject, now)
        waiting.push({ bucket: Math.ceil(dueMs / bucketMs), subject })
      } else {
        now += random.int(120)
        const due = waiting.filter(({ bucket }) => bucket * bucketMs <= now)
        waiting = waiting.filter(({ bucket }) => bucket * bucketMs > now)
        const expected = due.sort((a, b) => a.bucket - b.bucket).map(({ subject }) => subject)
        t.equal(new TimerBuckets(store, bucketMs).isDue(now), expected.length > 0)
        t.same(new TimerBuckets(store, bucketMs).due(now), expected)
      }
    }
    t.equal(new TimerBuckets(store, bucketMs).due(Number.POSITIVE_INFINITY, now).length, waiting.length)
    t.equal(map.size, 0)
  }
})
