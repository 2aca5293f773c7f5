/** Stream time of a task. It also advances without records, so that windows close (`idleTimeoutMs`). */
import type { Clock } from '../record/clock.js'
import type { PartitionQueue } from './queue.js'
import type { MonotonicTime, OperatorTimes } from './times.js'

/** In silence it is moved so often: ten times per timeout, within these bounds. */
const LEAST_STEP_MS = 10
const MOST_STEP_MS = 1_000

/** Its name among the operator times: no node can have it. */
const NAME = '#stream-time'

/**
 * The highest timestamp taken, -1 before the first. In silence it goes as fast as the wall clock from there, `timeoutMs`
 * behind it: what is on its way for less than that is not late. Silence counts only as far as the broker has said that
 * nothing is there: while it does not answer, and while a transaction is open, event time stands.
 */
export class StreamTime {
  ms = -1
  readonly #queues: readonly PartitionQueue[]
  readonly #clock: Pick<Clock, 'now' | 'monotonicMs'>
  readonly #timeoutMs: number
  /** Where silence has brought it survives a restart, as partition times do; null: it never moves it. */
  readonly #silent: MonotonicTime | null
  #silentSinceMs = 0
  #recordsMs = -1
  /** Monotonic. */
  #nextLookMs = Number.POSITIVE_INFINITY

  /** `timeoutMs` 0: it is in silence. */
  constructor(
    queues: readonly PartitionQueue[],
    times: OperatorTimes,
    clock: Pick<Clock, 'now' | 'monotonicMs'>,
    timeoutMs: number,
  ) {
    this.#queues = queues
    this.#clock = clock
    this.#timeoutMs = timeoutMs
    this.#silent = timeoutMs > 0 ? times.of(NAME) : null
  }

  /** Wall-clock milliseconds at which `goOn` should be called; Infinity: not before the next record. */
  get nextAtMs(): number {
    return this.#nextLookMs - this.#clock.monotonicMs() + this.#clock.now()
  }

  take(timestampMs: number): void {
    if (timestampMs > this.ms) this.ms = timestampMs
  }

  /** Records were taken. */
  breakSilence(): void {
    if (this.#silent === null) return
    this.#silentSinceMs = this.#clock.monotonicMs()
    this.#recordsMs = this.ms
    this.#nextLookMs = this.ms < 0 ? Number.POSITIVE_INFINITY : this.#silentSinceMs + this.#timeoutMs
  }

  /** Partition and operator times were restored, or taken back. */
  reset(): void {
    this.ms = this.#silent?.streamTimeMs ?? -1
    for (const { time } of this.#queues) this.take(time.streamTimeMs)
    this.breakSilence()
  }

  /** True when silence has moved it. */
  goOn(): boolean {
    const nowMs = this.#clock.monotonicMs()
    if (nowMs < this.#nextLookMs) return false
    this.#nextLookMs = nowMs + Math.min(MOST_STEP_MS, Math.max(LEAST_STEP_MS, this.#timeoutMs / 10))
    const silentMs = this.#silentUntilMs(nowMs) - this.#silentSinceMs - this.#timeoutMs
    const timeMs = this.#recordsMs + Math.floor(silentMs)
    if (silentMs <= 0 || timeMs <= this.ms) return false
    this.ms = timeMs
    this.#silent?.advance(timeMs)
    return true
  }

  /** Monotonic; -Infinity where there is something to take. */
  #silentUntilMs(nowMs: number): number {
    let untilMs = nowMs
    for (const { hasHead, blocked, emptyAtMs } of this.#queues) {
      if (hasHead || blocked || emptyAtMs === null) return Number.NEGATIVE_INFINITY
      untilMs = Math.min(untilMs, emptyAtMs)
    }
    return untilMs
  }
}
