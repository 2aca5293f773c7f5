/**
 * Timers for the silence of a peer. Where this process stood still itself, as while user code does not return, what the peer
 * said in time waits in a socket behind the timer: it is read first.
 */
import type { Cancel, Clock } from './clock.js'

/** A timer of a busy process is late by this much. */
const ON_TIME_MS = 5

/** As `clock.setTimer`; a timer that is late waits once more, as long as it is late and at most `delayMs`. */
export function patientTimer(
  clock: Pick<Clock, 'monotonicMs' | 'setTimer'>,
  delayMs: number,
  fire: () => void,
): Cancel {
  const dueMs = clock.monotonicMs() + delayMs
  let cancel = clock.setTimer(delayMs, () => {
    const lateMs = clock.monotonicMs() - dueMs
    if (lateMs <= ON_TIME_MS) fire()
    else cancel = clock.setTimer(Math.min(lateMs, delayMs), fire)
  })
  return () => cancel()
}
