/** Retries after temporary errors, with growing pauses, within the time limit of the application. */
import { growingPauseMs } from '../client/retry.js'
import type { StreamsConfig } from '../config.js'
import type { Cancel, Clock } from '../record/clock.js'
import { Patience } from './patience.js'

const FIRST_PAUSE_MS = 50
const MAX_PAUSE_MS = 5_000

export class RetryUntilTimeout {
  readonly #clock: Clock
  readonly #patience: Patience
  readonly #failed: (error: unknown) => void
  readonly #again: (what: () => void) => void
  /** What is called after a pause → how to call it off. */
  readonly #waiting = new Map<() => void, Cancel>()
  #ended = false

  /** `again` brings a call back into the loop; `failed` ends the instance. */
  constructor(
    config: Pick<StreamsConfig, 'clock' | 'random' | 'log' | 'taskTimeoutMs'>,
    again: (what: () => void) => void,
    failed: (error: unknown) => void,
  ) {
    this.#clock = config.clock
    this.#patience = new Patience(config, (failures) =>
      growingPauseMs(config.random, failures, FIRST_PAUSE_MS, MAX_PAUSE_MS),
    )
    this.#again = again
    this.#failed = failed
  }

  /** `what` failed: `again` is called after a pause, unless it can never pass, or has failed for `taskTimeoutMs`. */
  later(what: string, error: unknown, again: () => void): void {
    let pauseMs: number
    try {
      pauseMs = this.#patience.failed(what, error)
    } catch (final) {
      this.#failed(final)
      return
    }
    if (this.#ended) return
    const cancel = this.#clock.setTimer(pauseMs, () => {
      this.#waiting.delete(again)
      this.#again(again)
    })
    this.#waiting.set(again, cancel)
  }

  /** Attempts `what` until it succeeds; then `then` is called. */
  until(what: string, attempt: () => Promise<void>, then: () => void): void {
    attempt().then(
      () => {
        this.done(what)
        then()
      },
      (error) => this.later(what, error, () => this.until(what, attempt, then)),
    )
  }

  /** The instance closes: what waits for a pause is called now, and does not hold the close up. */
  stop(): void {
    for (const [again, cancel] of this.#waiting) {
      cancel()
      this.#again(again)
    }
    this.#waiting.clear()
  }

  /** Nobody reads what is brought back into the loop any more: no timer is left, and none is set. */
  end(): void {
    this.#ended = true
    this.stop()
  }

  /** `what` has succeeded: the timeout begins again with its next failure. */
  done(what: string): void {
    this.#patience.succeeded(what)
  }
}
