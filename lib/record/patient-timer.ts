/**
 * Timers for a peer that does not answer. If this process was blocked, for example by user code, the peer's answer may
 * wait in a socket, so it is read before the timer fires.
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
