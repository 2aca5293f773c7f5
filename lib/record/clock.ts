/** Time and timers as an argument: the simulation and the tests use their own. */

/** Cancels a timer; calling it again, or after it fired, does nothing. */
export type Cancel = () => void

/** Time and timers. {@link systemClock} is the machine's; `ManualClock` of `millrace/testing` is moved by a test. */
export interface Clock {
  /** Wall-clock milliseconds since the epoch. May step back. */
  now(): number
  /** Milliseconds that never step back; only differences mean something. */
  monotonicMs(): number
  /** Calls `fire` once after `delayMs` (>= 0). A timer of the machine's clock keeps the process alive until it fires or is cancelled. */
  setTimer(delayMs: number, fire: () => void): Cancel
  /** Resolves in a later turn of the event loop, after pending I/O had its chance. */
  nextTurn(): Promise<void>
}

/** Resolves after `delayMs` on `clock`. */
export function delay(clock: Clock, delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    clock.setTimer(delayMs, resolve)
  })
}

/** Longest time of a timer of Node, 24.8 days. */
const LONGEST_MS = 2 ** 31 - 1

/** The machine's clock. The only place that reads it. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  setTimer(delayMs, fire) {
    // Node makes one millisecond of what is longer.
    const waitOn = () => setTimeout(delayMs > LONGEST_MS ? again : fire, Math.min(delayMs, LONGEST_MS))
    const again = () => {
      delayMs -= LONGEST_MS
      timer = waitOn()
    }
    let timer = waitOn()
    return () => clearTimeout(timer)
  },
  nextTurn: () => new Promise((resolve) => setImmediate(resolve)),
}
