/** The event time of the stream, for clicks on the page during a replay of another day. */
import type { Clock } from '../../index.js'

export class EventClock {
  readonly #clock: Clock
  #latestMs: number | undefined
  #observedMs = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Event time that a task of this instance has reached. */
  observe(atMs: number): void {
    if (this.#latestMs !== undefined && atMs <= this.#latestMs) return
    this.#latestMs = atMs
    this.#observedMs = this.#clock.monotonicMs()
  }

  /** Whole milliseconds, later than everything observed; the wall clock where nothing was. */
  now(): number {
    if (this.#latestMs === undefined) return this.#clock.now()
    return this.#latestMs + Math.max(1, Math.round(this.#clock.monotonicMs() - this.#observedMs))
  }
}
