/** A clock that advances only on request. */
import type { Cancel, Clock } from '../record/clock.js'

interface Timer {
  readonly dueMs: number
  readonly order: number
  readonly fire: () => void
}

/** A clock for tests: time stands still until `advance` moves it. */
export class ManualClock implements Clock {
  #nowMs: number
  #order = 0
  #timers: Timer[] = []

  /** `startMs`: the time at the start, milliseconds since the epoch. */
  constructor(startMs = 0) {
    this.#nowMs = startMs
  }

  now(): number {
    return this.#nowMs
  }

  monotonicMs(): number {
    return this.#nowMs
  }

  setTimer(delayMs: number, fire: () => void): Cancel {
    const timer: Timer = { dueMs: this.#nowMs + delayMs, order: this.#order++, fire }
    this.#timers.push(timer)
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer)
    }
  }

  nextTurn(): Promise<void> {
    return Promise.resolve()
  }

  /** Moves time by `byMs` and fires the timers that are due on the way, in order of their time. */
  advance(byMs: number): void {
    const endMs = this.#nowMs + byMs
    for (;;) {
      const due = this.#timers
        .filter((timer) => timer.dueMs <= endMs)
        .sort((a, b) => a.dueMs - b.dueMs || a.order - b.order)[0]
      if (due === undefined) break
      this.#timers = this.#timers.filter((timer) => timer !== due)
      this.#nowMs = Math.max(this.#nowMs, due.dueMs)
      due.fire()
    }
    this.#nowMs = endMs
  }
}
