/** The port of a timer store: one timer per key, kept like any state. */

export interface TimerStore<K> {
  readonly name: string
  /**
   * `onTimer` is called for `key` once time has reached `atMs`, a whole number of milliseconds >= 0. Replaces the key's
   * timer, if it has one. A time already reached fires as soon as what is in hand is done.
   * @throws MillraceError PROCESSOR_TIMER_INVALID for another number, and inside `onTimer` for a time that is not after
   *   the one that fires, which could go on for ever
   */
  schedule(key: K, atMs: number): void
  /** Takes the key's timer back; false: it has none. */
  cancel(key: K): boolean
  /** When the key's timer fires, null when it has none. */
  scheduledAtMs(key: K): number | null
}

/** What drives the timers of a store. */
export interface DueTimers {
  /** No timer is due before; Infinity when there is none. */
  readonly nextMs: number
  /** Called with the time of each timer that comes. `nowMs` stamps what is logged. */
  attach(nowMs: () => number, onEntry: (timeMs: number) => void): void
  /** Takes out and calls what is due at `nowMs`, by time, then key bytes; returns how many. */
  fire(nowMs: number, call: (key: unknown, atMs: number) => void): number
}
