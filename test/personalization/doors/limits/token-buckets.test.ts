import t from 'tap'
import { TokenBuckets } from '../../../../lib/personalization/doors/limits/token-buckets.js'
import { ManualClock } from '../../../../lib/testing/manual-clock.js'

function buckets(perSecond: number, maxIds = 100) {
  const clock = new ManualClock(1_800_000_000_000)
  return { clock, buckets: new TokenBuckets(clock, perSecond, maxIds) }
}

t.test('a burst of two seconds, then the rate', async (t) => {
  const { clock, buckets: all } = buckets(10)
  for (let i = 0; i < 20; i++) t.equal(all.take('a'), 0)
  t.equal(all.take('a'), 0.1, 'the wait')
  clock.advance(99)
  t.ok(all.take('a') > 0)
  clock.advance(1)
  t.equal(all.take('a'), 0)
  t.ok(all.take('a') > 0)
  clock.advance(1_000)
  for (let i = 0; i < 10; i++) t.equal(all.take('a'), 0)
  t.ok(all.take('a') > 0)
  clock.advance(3_600_000)
  for (let i = 0; i < 20; i++) t.equal(all.take('a'), 0)
  t.ok(all.take('a') > 0, 'an hour saves up no more than two seconds')
})

t.test('over any time no more than a burst and the rate passes, and a wait that was kept is enough', async (t) => {
  for (const perSecond of [0.5, 1, 7, 1_000]) {
    const { clock, buckets: all } = buckets(perSecond)
    let passed = 0
    const startMs = clock.monotonicMs()
    for (let i = 0; i < 2_000; i++) {
      const waitSeconds = all.take('a')
      if (waitSeconds === 0) passed += 1
      else clock.advance(Math.ceil(waitSeconds * 1_000))
      const seconds = (clock.monotonicMs() - startMs) / 1_000
      if (passed > perSecond * 2 + perSecond * seconds + 1e-6) t.fail(`${passed} in ${seconds} s at ${perSecond}`)
    }
    t.ok(passed >= 1_000, `${perSecond}: each wait was enough`)
  }
})

t.test('a request that costs more than a full bucket passes a full one, and is paid back', async (t) => {
  const { clock, buckets: all } = buckets(10)
  t.equal(all.take('a', 100), 0)
  t.equal(all.take('a', 1), 8.1)
  clock.advance(8_100)
  t.equal(all.take('a', 1), 0)
})

t.test('what is rejected costs nothing', async (t) => {
  const { buckets: all } = buckets(10)
  t.equal(all.take('a', 15), 0)
  t.equal(all.take('a', 10), 0.5)
  t.equal(all.take('a', 5), 0)
})

t.test('ids do not share, and those that came last are known', async (t) => {
  const { buckets: all } = buckets(0.5, 20)
  const ids = Array.from({ length: 1_000 }, (_, i) => `id-${i}`)
  for (const [i, id] of ids.entries()) {
    t.equal(all.take(id), 0, id)
    // One that comes again and again is never forgotten, nor is it known twice.
    t.equal(all.take('often') === 0, i === 0)
    for (const recent of ids.slice(Math.max(0, i - 8), i + 1))
      if (all.take(recent) === 0) t.fail(`${recent} after ${id}`)
    if (all.size > 20) t.fail(`${all.size} known`)
  }
  t.equal(all.take('id-1'), 0, 'one of long ago is forgotten')
})
