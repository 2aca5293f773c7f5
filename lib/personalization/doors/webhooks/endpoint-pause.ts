/** Whether a webhook may be asked now. One that fails for several decisions is asked with one at a time, after pauses. */

/** So many decisions fail, with no success between, before the webhook counts as down. */
const DOWN_AFTER = 3

export class EndpointPause {
  readonly #failing = new Set<string>()
  #failures = 0
  #untilMs = 0

  /** True while nothing but one attempt at a time may be sent. */
  get isDown(): boolean {
    return this.#failing.size >= DOWN_AFTER
  }

  /** Nothing is sent before this time, epoch milliseconds. */
  get untilMs(): number {
    return this.#untilMs
  }

  /** How many may be under way at a time that is not before `untilMs`, of `concurrency`. */
  allowed(concurrency: number): number {
    return this.isDown ? 1 : concurrency
  }

  /** The webhook answered. True if it was down before. */
  answered(): boolean {
    const wasDown = this.isDown
    this.#failing.clear()
    this.#failures = 0
    this.#untilMs = 0
    return wasDown
  }

  failed(decisionId: string, nowMs: number, pauseMs: (failures: number) => number): void {
    // What was under way before the pause began says nothing new.
    const isNews = nowMs >= this.#untilMs
    this.#failing.add(decisionId)
    if (this.#failing.size > DOWN_AFTER) this.#failing.delete(this.#failing.values().next().value!)
    if (!this.isDown || !isNews) return
    this.#failures += 1
    this.#untilMs = nowMs + pauseMs(this.#failures)
  }
}
