/** Timers of user code, by event time and by the wall clock. Missed intervals collapse into one call. */
import type { Cancel } from '../record/clock.js'
import type { PunctuationType } from '../topology/processor.js'

interface Schedule {
  readonly type: PunctuationType
  readonly intervalMs: number
  readonly punctuate: (timestampMs: number) => void
  dueMs: number
}

export class Punctuations {
  /** Stream time at which something is due; Infinity when nothing is scheduled. Read once per record. */
  nextStreamMs = Number.POSITIVE_INFINITY
  nextWallClockMs = Number.POSITIVE_INFINITY
  readonly #schedules = new Set<Schedule>()

  /** Stream time is due at the first record, then at multiples of the interval; wall-clock time one interval from now. */
  schedule(type: PunctuationType, intervalMs: number, nowMs: number, punctuate: (timestampMs: number) => void): Cancel {
    const dueMs = type === 'streamTime' ? 0 : nowMs + intervalMs
    const schedule: Schedule = { type, intervalMs, punctuate, dueMs }
    this.#schedules.add(schedule)
    this.#findNext()
    return () => {
      if (this.#schedules.delete(schedule)) this.#findNext()
    }
  }

  /** Calls what is due, earliest first; returns how many calls were made. */
  run(type: PunctuationType, nowMs: number): number {
    let calls = 0
    for (;;) {
      let due: Schedule | null = null
      for (const schedule of this.#schedules) {
        if (schedule.type !== type || schedule.dueMs > nowMs) continue
        if (due === null || schedule.dueMs < due.dueMs) due = schedule
      }
      if (due === null) break
      const missed = Math.floor((nowMs - due.dueMs) / due.intervalMs)
      due.dueMs += (missed + 1) * due.intervalMs
      calls++
      due.punctuate(nowMs)
    }
    this.#findNext()
    return calls
  }

  #findNext(): void {
    this.nextStreamMs = Number.POSITIVE_INFINITY
    this.nextWallClockMs = Number.POSITIVE_INFINITY
    for (const { type, dueMs } of this.#schedules) {
      if (type === 'streamTime') this.nextStreamMs = Math.min(this.nextStreamMs, dueMs)
      else this.nextWallClockMs = Math.min(this.nextWallClockMs, dueMs)
    }
  }
}
