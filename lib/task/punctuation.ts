/** Timers of user code, by event time and by the wall clock. Several missed intervals cause one call. */

import { MillraceError } from '../errors.js'
import type { Cancel } from '../record/clock.js'
import { kindOf } from '../record/kind-of.js'
import type { DueTimers } from '../state/ports/timer-store.js'
import type { PunctuationType } from '../topology/processor.js'

interface Schedule {
  readonly type: PunctuationType
  readonly intervalMs: number
  readonly punctuate: (timestampMs: number) => void
  /** Null: stream time is aligned to zero, wall-clock time to when it was scheduled. */
  readonly startMs: number | null
  dueMs: number
}

interface TimersOfStore {
  readonly type: PunctuationType
  readonly timers: DueTimers
  readonly call: (key: unknown, atMs: number) => void
}

export class Punctuations {
  /** Stream time at which something is due; Infinity when nothing is scheduled. Read once per record. */
  nextStreamMs = Number.POSITIVE_INFINITY
  nextWallClockMs = Number.POSITIVE_INFINITY
  readonly #schedules = new Set<Schedule>()
  readonly #stores: TimersOfStore[] = []

  /**
   * Stream time is due at the first record, then at multiples of the interval; wall-clock time one interval from now. With
   * a start: at the start, or where that is past, at the next whole interval from it. `nowMs` is of the time that fires.
   * @throws MillraceError PROCESSOR_TIMER_INVALID
   */
  schedule(
    type: PunctuationType,
    intervalMs: number,
    nowMs: number,
    punctuate: (timestampMs: number) => void,
    startMs: number | null = null,
  ): Cancel {
    if (type !== 'streamTime' && type !== 'wallClockTime') throw wrongType(type)
    if (!(Number.isFinite(intervalMs) && intervalMs >= 1)) throw invalid('intervalMs', intervalMs, '>= 1')
    if (startMs !== null && !(Number.isFinite(startMs) && startMs >= 0)) throw invalid('startMs', startMs, '>= 0')
    const schedule: Schedule = { type, intervalMs, punctuate, startMs, dueMs: nowMs + intervalMs }
    if (type === 'streamTime' || startMs !== null) schedule.dueMs = firstDueMs(schedule, nowMs)
    this.#schedules.add(schedule)
    this.#findNext()
    return () => {
      if (this.#schedules.delete(schedule)) this.#findNext()
    }
  }

  /** Stream time was restored or taken back: what is due by it is found again, as after a restart. */
  reset(streamTimeMs: number): void {
    for (const schedule of this.#schedules) {
      if (schedule.type === 'streamTime') schedule.dueMs = firstDueMs(schedule, streamTimeMs)
    }
    this.#findNext()
  }

  /** From now on the timers of a store fire too. `nowMs` stamps what they change. */
  follow(type: PunctuationType, timers: DueTimers, nowMs: () => number, call: TimersOfStore['call']): void {
    this.#stores.push({ type, timers, call })
    timers.attach(nowMs, (timeMs) => this.#notLater(type, timeMs))
    this.#findNext()
  }

  /** Calls what is due, timers of stores first, then earliest first; returns how many calls were made. */
  run(type: PunctuationType, nowMs: number): number {
    let calls = 0
    for (const { timers, call } of this.#stores.filter((store) => store.type === type)) {
      calls += timers.fire(nowMs, call)
    }
    for (;;) {
      let due: Schedule | null = null
      for (const schedule of this.#schedules) {
        if (schedule.type !== type || schedule.dueMs > nowMs) continue
        if (due === null || schedule.dueMs < due.dueMs) due = schedule
      }
      if (due === null) break
      due.dueMs = nextDueMs(due.dueMs, due.intervalMs, nowMs)
      calls++
      due.punctuate(nowMs)
    }
    this.#findNext()
    return calls
  }

  #findNext(): void {
    this.nextStreamMs = Number.POSITIVE_INFINITY
    this.nextWallClockMs = Number.POSITIVE_INFINITY
    for (const { type, dueMs } of this.#schedules) this.#notLater(type, dueMs)
    for (const { type, timers } of this.#stores) this.#notLater(type, timers.nextMs)
  }

  #notLater(type: PunctuationType, dueMs: number): void {
    if (type === 'streamTime') this.nextStreamMs = Math.min(this.nextStreamMs, dueMs)
    else this.nextWallClockMs = Math.min(this.nextWallClockMs, dueMs)
  }
}

/** The first whole interval from `fromMs` that is after `nowMs`. */
function nextDueMs(fromMs: number, intervalMs: number, nowMs: number): number {
  return fromMs + (Math.floor((nowMs - fromMs) / intervalMs) + 1) * intervalMs
}

function firstDueMs({ startMs, intervalMs }: Schedule, nowMs: number): number {
  if (startMs === null) return 0
  return startMs < nowMs ? nextDueMs(startMs, intervalMs, nowMs) : startMs
}

function wrongType(type: never): MillraceError {
  return new MillraceError(
    'PROCESSOR_TIMER_INVALID',
    `the time of a punctuation is ${String(type)}: use streamTime or wallClockTime`,
  )
}

function invalid(name: string, value: number, least: string): MillraceError {
  return new MillraceError(
    'PROCESSOR_TIMER_INVALID',
    `${name} of a punctuation must be a number of milliseconds ${least}, got ${typeof value === 'number' ? value : kindOf(value)}`,
  )
}
