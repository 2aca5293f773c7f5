/** The port of a timer store: one timer per key, stored like any state. */

/** A store of timers, one for each key, kept like any state: restored after a restart, committed with everything else. */
export interface TimerStore<K> {
  readonly name: string
  /**
   * Calls the processor's `onTimer` for `key` when time reaches `atMs`, a whole number of milliseconds, 0 or more. Replaces the key's
   * present timer. If the time has passed already, `onTimer` is called after the current record. With `time: 'processorTime'` nothing
   * is called: `takeDue` returns the timer.
   * @throws MillraceError PROCESSOR_TIMER_INVALID for another number, and inside `onTimer` for a time that is not after the time
   *   that fires
   */
  schedule(key: K, atMs: number): void
  /** Removes the key's timer; false: it has none. */
  cancel(key: K): boolean
  /** The time of the key's timer; null: it has none. */
  scheduledAtMs(key: K): number | null
  /**
   * With `time: 'processorTime'`: removes and returns the timers whose time is `untilMs` or before, by time, then key bytes. Infinity
   * takes all of them. If none is due, the cost does not depend on how many wait.
   * @throws MillraceError PROCESSOR_TIMER_TIME_MISMATCH for a store with another time, PROCESSOR_TIMER_INVALID if `untilMs` is no number
   */
  takeDue(untilMs: number): readonly DueTimer<K>[]
}

/** A timer that {@link TimerStore.takeDue} has removed from its store. */
export interface DueTimer<K> {
  readonly key: K
  /** The time it was scheduled for. */
  readonly atMs: number
}

/** What drives the timers of a store. */
export interface DueTimers {
  /** No timer is due before; Infinity when there is none. */
  readonly nextMs: number
  /** `nowMs` stamps what is logged. `onEntry` is called with the time of each timer that comes; null: the task fires none. */
  attach(nowMs: () => number, onEntry: ((timeMs: number) => void) | null): void
  /** Takes out and calls what is due at `nowMs`, by time, then key bytes; returns how many. */
  fire(nowMs: number, call: (key: unknown, atMs: number) => void): number
}
