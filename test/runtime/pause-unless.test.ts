/** A pause that may be called off. */
import t from 'tap'
import { pauseUnless } from '../../lib/runtime/pause-unless.js'
import { ManualClock } from '../../lib/testing/manual-clock.js'

const settle = () => new Promise((resolve) => setImmediate(resolve))

for (const [what, cancelAtMs, endsAtMs] of [
  ['lasts as long as it should', Number.POSITIVE_INFINITY, 1_050],
  ['ends soon after it was called off', 430, 500],
  ['does not begin when it was called off before', 0, 0],
] as const) {
  t.test(what, async (t) => {
    const clock = new ManualClock()
    let endedMs: number | null = null
    void pauseUnless(clock, () => clock.now() >= cancelAtMs, 1_050).then(() => {
      endedMs = clock.now()
    })
    await settle()
    for (let i = 0; i < 150 && endedMs === null; i++) {
      clock.advance(10)
      await settle()
    }
    t.equal(endedMs, endsAtMs)
  })
}
