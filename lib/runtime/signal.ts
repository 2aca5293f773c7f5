/** Lets the loop sleep until something happens or a time comes. */
import type { Cancel, Clock } from '../record/clock.js'

export class Signal {
  readonly #clock: Clock
  #raised = false
  #wake: (() => void) | null = null

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Wakes the waiter, or makes the next wait return at once. */
  raise = (): void => {
    this.#raised = true
    this.#wake?.()
  }

  /** Resolves when raised, or after `timeoutMs` (null: only when raised). One waiter at a time. */
  async wait(timeoutMs: number | null): Promise<void> {
    if (!this.#raised && timeoutMs !== 0) {
      let cancel: Cancel | null = null
      await new Promise<void>((resolve) => {
        this.#wake = resolve
        if (timeoutMs !== null) cancel = this.#clock.setTimer(Math.min(timeoutMs, 2 ** 31 - 1), resolve)
      })
      this.#wake = null
      ;(cancel as Cancel | null)?.()
    }
    this.#raised = false
  }
}
