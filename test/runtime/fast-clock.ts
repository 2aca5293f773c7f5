/** A clock for tests of what waits: it runs so many times as fast as that of the machine. */
import { type Clock, systemClock } from '../../lib/record/clock.js'

export function fastClock(factor: number): Clock {
  const [startMs, startedMs] = [systemClock.now(), systemClock.monotonicMs()]
  const passedMs = () => (systemClock.monotonicMs() - startedMs) * factor
  return {
    now: () => Math.round(startMs + passedMs()),
    monotonicMs: passedMs,
    setTimer: (delayMs, fire) => systemClock.setTimer(delayMs / factor, fire),
    nextTurn: () => systemClock.nextTurn(),
  }
}
