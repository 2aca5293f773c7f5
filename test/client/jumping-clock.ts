/** A clock for tests that jumps to the next timer as soon as nothing else is left to do in a turn. */
import type { Clock } from '../../lib/record/clock.js'

interface Timer {
  readonly atMs: number
  readonly order: number
  readonly fire: () => void
}

export function jumpingClock(): Clock {
  let nowMs = 1_000_000
  let order = 0
  let scheduled = false
  const timers = new Set<Timer>()
  const wake = () => {
    if (scheduled || timers.size === 0) return
    scheduled = true
    // Two turns: what a promise chain still does in this one comes first.
    setImmediate(() => setImmediate(step))
  }
  const step = () => {
    scheduled = false
    const [next] = [...timers].sort((a, b) => a.atMs - b.atMs || a.order - b.order)
    if (next === undefined) return
    timers.delete(next)
    nowMs = Math.max(nowMs, next.atMs)
    next.fire()
    wake()
  }
  return {
    now: () => nowMs,
    monotonicMs: () => nowMs,
    setTimer(delayMs, fire) {
      const timer = { atMs: nowMs + delayMs, order: order++, fire }
      timers.add(timer)
      wake()
      return () => timers.delete(timer)
    },
    nextTurn: () => new Promise((resolve) => setImmediate(resolve)),
  }
}
