/** Whose turn it is: tasks are processed one after the other, a slice each, and none keeps the others from theirs. */
import type { Clock } from '../../record/clock.js'
import type { TaskState } from '../../state/task-state.js'
import type { Task } from '../../task/task.js'
import { FIRST_CHUNK, nextChunk } from '../time-slice.js'

/** Slices as long as this many allowed ones count as slow. */
const SLOW_SLICES = 4
const NOT_PAUSED = Number.NEGATIVE_INFINITY

export class TurnTaker {
  readonly task: Task<TaskState>
  /** Takes no record before this monotonic time: one of its records is retried then. NOT_PAUSED as soon as it is. */
  pausedUntilMs = NOT_PAUSED
  /** Records it handles before the next look at the clock. */
  chunk = FIRST_CHUNK

  constructor(task: Task<TaskState>) {
    this.task = task
  }
}

export class TaskTurns {
  readonly #clock: Clock
  /** Whose turn it is to be processed first. */
  #first = 0
  #slow = false
  #idle = true

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** User code took so long at the last `process` that nothing else got its turn. */
  get slow(): boolean {
    return this.#slow
  }

  /** The last `process` found nothing. */
  get idle(): boolean {
    return this.#idle
  }

  /**
   * Up to `maxRecords` of each task, and no longer than `maxMs` in all but for the last call of user code: records that are slow
   * must not keep the loop from its commits. Then the wall-clock punctuations that are due, with the same limit: neither
   * keeps the other from its turn. Tasks take turns at being first. Returns how many were processed.
   */
  process(order: readonly TurnTaker[], maxRecords: number, maxMs: number): number {
    const nowMs = this.#clock.now()
    const startedMs = this.#clock.monotonicMs()
    const count = order.length
    this.#idle = false
    let processed = this.#records(order, startedMs, maxRecords, maxMs)
    let atMs = this.#clock.monotonicMs()
    const endMs = atMs + maxMs
    for (let turn = 0; turn < count && atMs < endMs; turn++) {
      const { task, pausedUntilMs } = order[(this.#first + turn) % count]!
      if (pausedUntilMs > startedMs) continue
      const calls = task.punctuateWallClock(nowMs)
      if (calls > 0) atMs = this.#clock.monotonicMs()
      processed += calls
    }
    this.#slow = atMs - startedMs > SLOW_SLICES * maxMs
    this.#first = count === 0 ? 0 : (this.#first + 1) % count
    this.#idle = processed === 0
    return processed
  }

  #records(order: readonly TurnTaker[], startedMs: number, maxRecords: number, maxMs: number): number {
    const endMs = startedMs + maxMs
    const count = order.length
    let atMs = startedMs
    let processed = 0
    for (let turn = 0; turn < count && atMs < endMs; turn++) {
      const taker = order[(this.#first + turn) % count]!
      if (taker.pausedUntilMs > startedMs) continue
      taker.pausedUntilMs = NOT_PAUSED
      let left = maxRecords
      let more = true
      while (more && left > 0 && atMs < endMs) {
        const allowed = Math.min(taker.chunk, left)
        const done = taker.task.process(allowed)
        const beforeMs = atMs
        atMs = this.#clock.monotonicMs()
        taker.chunk = nextChunk(taker.chunk, done, atMs - beforeMs)
        processed += done
        left -= done
        more = done === allowed
      }
    }
    return processed
  }

  /** Wall-clock milliseconds of the next wall-clock punctuation, idle timeout or end of a pause. */
  nextTimerMs(order: readonly TurnTaker[]): number | null {
    let next: number | null = null
    const [nowMs, monotonicMs] = [this.#clock.now(), this.#clock.monotonicMs()]
    for (const { task, pausedUntilMs } of order) {
      const at = pausedUntilMs > NOT_PAUSED ? nowMs + pausedUntilMs - monotonicMs : task.nextTimerAtMs()
      if (at !== null && (next === null || at < next)) next = at
    }
    return next
  }
}
