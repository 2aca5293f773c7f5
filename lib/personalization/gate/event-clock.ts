/** The event time of the stream, for live events during a replay of another day. */
import type { Clock } from '../../index.js'

export class EventClock {
  readonly #clock: Clock
  #latestMs: number | undefined
  #observedMs = 0
  #replaying = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Event time that a task of this instance has reached, and whether a replay is in progress there. */
  observe(atMs: number, replaying = false): void {
    this.#replaying = replaying
    if (this.#latestMs !== undefined && atMs <= this.#latestMs) return
    this.#latestMs = atMs
    this.#observedMs = this.#clock.monotonicMs()
  }

  /** Whole milliseconds, later than everything observed; the wall clock where nothing was. */
  now(): number {
    if (this.#latestMs === undefined) return this.#clock.now()
    return this.#latestMs + Math.max(1, Math.round(this.#clock.monotonicMs() - this.#observedMs))
  }

  /**
   * Where an event of the wall-clock time `atMs` stands in the stream: as long before its present as the event is before
   * that of the clock. Without a replay the stream's time is the clock's, and the event stays where it is.
   */
  inStream(atMs: number): number {
    return this.#replaying ? this.now() - (this.#clock.now() - atMs) : atMs
  }
}
