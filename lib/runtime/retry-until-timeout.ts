/** Tries again what failed with an error that may pass: with growing pauses, and no longer than the application allows. */
import { growingPauseMs } from '../client/retry.js'
import type { StreamsConfig } from '../config.js'
import { isMillraceError, MillraceError } from '../errors.js'
import type { Cancel } from '../record/clock.js'

const FIRST_PAUSE_MS = 50
const MAX_PAUSE_MS = 5_000

interface Failing {
  /** Monotonic time of the first failure in a row. */
  readonly sinceMs: number
  count: number
}

export class RetryUntilTimeout {
  readonly #config: Pick<StreamsConfig, 'clock' | 'random' | 'log' | 'taskTimeoutMs'>
  readonly #failed: (error: unknown) => void
  readonly #again: (what: () => void) => void
  readonly #failing = new Map<string, Failing>()
  /** What is called after a pause → how to call it off. */
  readonly #waiting = new Map<() => void, Cancel>()

  /** `again` brings a call back into the loop; `failed` ends the instance. */
  constructor(
    config: Pick<StreamsConfig, 'clock' | 'random' | 'log' | 'taskTimeoutMs'>,
    again: (what: () => void) => void,
    failed: (error: unknown) => void,
  ) {
    this.#config = config
    this.#again = again
    this.#failed = failed
  }

  /** `what` failed: `again` is called after a pause, unless it can never pass, or has failed for `taskTimeoutMs`. */
  later(what: string, error: unknown, again: () => void): void {
    const { clock, random, log, taskTimeoutMs } = this.#config
    if (!isMillraceError(error) || !error.retriable) {
      this.#failed(error)
      return
    }
    const nowMs = clock.monotonicMs()
    const failing = this.#failing.get(what) ?? { sinceMs: nowMs, count: 0 }
    this.#failing.set(what, failing)
    if (taskTimeoutMs > 0 && nowMs - failing.sinceMs >= taskTimeoutMs) {
      const message = `${what} has failed for ${Math.round(nowMs - failing.sinceMs)} ms, taskTimeoutMs is ${taskTimeoutMs}`
      this.#failed(new MillraceError('STREAMS_TASK_TIMEOUT', message, { cause: error }))
      return
    }
    log.warn({ code: error.code, cause: error.message }, `${what} failed and is tried again`)
    const pauseMs = growingPauseMs(random, failing.count++, FIRST_PAUSE_MS, MAX_PAUSE_MS)
    const cancel = clock.setTimer(pauseMs, () => {
      this.#waiting.delete(again)
      this.#again(again)
    })
    this.#waiting.set(again, cancel)
  }

  /** The instance closes: what waits for a pause is told now, and nothing is left that would hold the process. */
  stop(): void {
    for (const [again, cancel] of this.#waiting) {
      cancel()
      this.#again(again)
    }
    this.#waiting.clear()
  }

  /** `what` has succeeded: the time-out begins again with its next failure. */
  done(what: string): void {
    this.#failing.delete(what)
  }
}
