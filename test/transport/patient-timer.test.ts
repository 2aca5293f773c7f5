/** A timer that is late because this process stood still lets what arrived meanwhile be read first. */
import t from 'tap'
import type { Clock } from '../../lib/record/clock.js'
import { patientTimer } from '../../lib/record/patient-timer.js'
import { ManualClock } from '../../lib/testing/manual-clock.js'

/** A manual clock whose first timer fires `lateMs` after it was due. */
function lateBy(lateMs: number) {
  const manual = new ManualClock(0)
  let first = true
  const clock: Pick<Clock, 'monotonicMs' | 'setTimer'> = {
    monotonicMs: () => manual.monotonicMs(),
    setTimer(delayMs, fire) {
      const late = first ? lateMs : 0
      first = false
      return manual.setTimer(delayMs + late, fire)
    },
  }
  return { manual, clock }
}

t.test('rows', async (t) => {
  const rows: [what: string, lateMs: number, firesAtMs: number][] = [
    ['on time', 0, 1_000],
    ['late as on a busy machine', 5, 1_005],
    ['late after a short stop: as long again', 250, 1_500],
    ['late after a long stop: its own time again', 60_000, 62_000],
  ]
  for (const [what, lateMs, firesAtMs] of rows) {
    const { manual, clock } = lateBy(lateMs)
    let firedAtMs = -1
    patientTimer(clock, 1_000, () => {
      firedAtMs = manual.monotonicMs()
    })
    manual.advance(100_000)
    t.equal(firedAtMs, firesAtMs, what)
  }
})

t.test('cancelled, also while it waits once more', async (t) => {
  for (const cancelAtMs of [500, 1_300]) {
    const { manual, clock } = lateBy(250)
    const cancel = patientTimer(clock, 1_000, () => t.fail('it fired'))
    manual.advance(cancelAtMs)
    cancel()
    manual.advance(100_000)
  }
  t.pass()
})
