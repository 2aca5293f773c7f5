import t from 'tap'
import { systemClock } from '../../lib/record/clock.js'
import { Signal } from '../../lib/runtime/signal.js'
import { ManualClock } from '../../lib/testing/manual-clock.js'

t.test('whoever is woken again and again, or asks for no time, lets sockets and timers have their turn', async (t) => {
  const ways: readonly [string, (signal: Signal) => Promise<void>][] = [
    [
      'raised before each wait',
      (signal) => {
        signal.raise()
        return signal.wait(1_000)
      },
    ],
    [
      'raised behind a promise',
      (signal) => {
        void Promise.resolve().then(signal.raise)
        return signal.wait(1_000)
      },
    ],
    ['no time', (signal) => signal.wait(0)],
  ]
  for (const [what, wait] of ways) {
    const signal = new Signal(systemClock)
    let heard = false
    setTimeout(() => {
      heard = true
    }, 1)
    let turns = 0
    while (!heard && turns < 1_000_000) {
      await wait(signal)
      turns++
    }
    t.ok(heard, `${what}: a timer was heard after ${turns} turns`)
  }
})

t.test('rows: how long a wait is', async (t) => {
  const rows: readonly [string, number | null, number][] = [
    ['its time', 500, 500],
    ['never longer than the longest', 5_000, 1_000],
    ['no time named', null, 1_000],
  ]
  for (const [what, timeoutMs, takesMs] of rows) {
    const clock = new ManualClock()
    const signal = new Signal(clock, 1_000)
    let over = false
    const done = signal.wait(timeoutMs).then(() => {
      over = true
    })
    clock.advance(takesMs - 1)
    await new Promise((resolve) => setImmediate(resolve))
    t.equal(over, false, what)
    clock.advance(1)
    await done
    t.equal(over, true, what)
  }
})
