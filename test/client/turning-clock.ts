/** A clock for tests beside a broker in the process: a millisecond passes with every turn of the loop. */
import type { Clock } from '../../lib/record/clock.js'

export function turningClock(): Clock {
  let nowMs = 1_000_000
  const timers = new Set<{ readonly atMs: number; readonly fire: () => void }>()
  let turning = false
  const turn = () => {
    nowMs++
    for (const timer of timers) {
      if (timer.atMs > nowMs) continue
      timers.delete(timer)
      timer.fire()
    }
    turning = timers.size > 0
    if (turning) setImmediate(turn)
  }
  return {
    now: () => nowMs,
    monotonicMs: () => nowMs,
    setTimer(delayMs, fire) {
      const timer = { atMs: nowMs + delayMs, fire }
      timers.add(timer)
      if (!turning) {
        turning = true
        setImmediate(turn)
      }
      return () => timers.delete(timer)
    },
    nextTurn: () => new Promise((resolve) => setImmediate(resolve)),
  }
}
