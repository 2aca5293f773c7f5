/** What is done again and again: its intervals, and that nothing of it outlives `stop`. */
import t from 'tap'
import { periodically } from '../../lib/runtime/periodic.js'
import { ManualClock } from '../../lib/testing/manual-clock.js'

const settle = () => new Promise((resolve) => setImmediate(resolve))

t.test('an act that failed is repeated sooner', async (t) => {
  const clock = new ManualClock()
  const acts: number[] = []
  const failed: unknown[] = []
  let fails = true
  const periodic = periodically(
    clock,
    { firstMs: 10, intervalMs: 1_000, retryMs: 100 },
    async () => {
      acts.push(clock.now())
      if (fails) throw new Error('not now')
    },
    (error) => failed.push(error),
  )
  const advance = async (ms: number) => {
    clock.advance(ms)
    await settle()
  }
  await advance(10)
  await advance(99)
  t.same(acts, [10])
  await advance(1)
  t.same(acts, [10, 110])
  t.equal(failed.length, 2)
  fails = false
  await advance(100)
  await advance(999)
  t.same(acts, [10, 110, 210])
  await advance(1)
  t.same(acts, [10, 110, 210, 1_210])
  await periodic.stop()
})

for (const [what, outcome] of [
  ['succeeds', () => undefined],
  ['fails', () => Promise.reject(new Error('the client is closed'))],
] as const) {
  t.test(`an act under way that ${what} after the stop is the last`, async (t) => {
    const clock = new ManualClock()
    let acts = 0
    let release = () => {}
    const gate = new Promise<void>((resolve) => {
      release = resolve
    })
    const periodic = periodically(
      clock,
      { firstMs: 0, intervalMs: 10, retryMs: 5 },
      async () => {
        acts++
        await gate
        await outcome()
      },
      // Whoever asks for another one now comes too late.
      () => periodic.now(),
    )
    clock.advance(0)
    const stopped = periodic.stop()
    release()
    await stopped
    clock.advance(1_000)
    t.equal(acts, 1)
  })
}
