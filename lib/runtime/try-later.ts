/** Asks the brokers again what they could not answer; how long, is the application's to say. */
import type { StreamsConfig } from '../config.js'
import { isMillraceError, MillraceError } from '../errors.js'

/** Pause before what the brokers could not answer is asked again. */
const PAUSE_MS = 500

export class TryLater {
  readonly #config: Pick<StreamsConfig, 'clock' | 'log' | 'taskTimeoutMs'>
  readonly #failed: (error: unknown) => void
  readonly #again: (what: () => void) => void
  /** What fails → since when. */
  readonly #sinceMs = new Map<string, number>()

  /** `again` brings a call back into the loop; `failed` ends the instance. */
  constructor(
    config: Pick<StreamsConfig, 'clock' | 'log' | 'taskTimeoutMs'>,
    again: (what: () => void) => void,
    failed: (error: unknown) => void,
  ) {
    this.#config = config
    this.#again = again
    this.#failed = failed
  }

  /** `what` failed: `again` is called after a pause, unless it can never pass, or has failed for `taskTimeoutMs`. */
  later(what: string, error: unknown, again: () => void): void {
    const { clock, log, taskTimeoutMs } = this.#config
    if (!isMillraceError(error) || !error.retriable) {
      this.#failed(error)
      return
    }
    const nowMs = clock.monotonicMs()
    const sinceMs = this.#sinceMs.get(what) ?? nowMs
    this.#sinceMs.set(what, sinceMs)
    if (taskTimeoutMs > 0 && nowMs - sinceMs >= taskTimeoutMs) {
      const message = `${what} has failed for ${Math.round(nowMs - sinceMs)} ms, taskTimeoutMs is ${taskTimeoutMs}`
      this.#failed(new MillraceError('STREAMS_TASK_TIMEOUT', message, { cause: error }))
      return
    }
    log.warn({ code: error.code, cause: error.message }, `${what} failed and is tried again`)
    clock.setTimer(PAUSE_MS, () => this.#again(again))
  }

  /** `what` has succeeded: the time-out begins anew. */
  done(what: string): void {
    this.#sinceMs.delete(what)
  }
}
