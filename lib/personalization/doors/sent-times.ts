/** When this instance sent the latest decisions to browsers. */
import type { Clock } from '../../index.js'

/** Decisions that are remembered; the oldest go. */
const MAX_DECISIONS = 20_000

export class SentTimes {
  readonly #clock: Clock
  readonly #times = new Map<string, number>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** A decision goes to a browser; the first time counts. */
  sent(decisionId: string): void {
    if (this.#times.has(decisionId)) return
    this.#times.set(decisionId, this.#clock.now())
    if (this.#times.size > MAX_DECISIONS) this.#times.delete(this.#times.keys().next().value!)
  }

  /** Epoch milliseconds; null: not here, not since the start, or not among the latest. */
  of(decisionId: string): number | null {
    return this.#times.get(decisionId) ?? null
  }
}
