/** Lets the loop sleep until an event or a time. */
import type { Cancel, Clock } from '../record/clock.js'

const LONGEST_TIMER_MS = 2 ** 31 - 1
/** A promise that wakes the waiter lets neither sockets nor timers be heard: after so many waits they are. */
const WAITS_PER_TURN = 16

export class Signal {
  readonly #clock: Clock
  readonly #longestMs: number
  #raised = false
  #waits = 0
  #wake: (() => void) | null = null

  /** No wait is longer than `longestMs`: who sleeps still shows that it lives. */
  constructor(clock: Clock, longestMs = LONGEST_TIMER_MS) {
    this.#clock = clock
    this.#longestMs = longestMs
  }

  /** Wakes the waiter, or makes the next wait return at once. */
  raise = (): void => {
    this.#raised = true
    this.#wake?.()
  }

  /**
   * Resolves when raised, or after `timeoutMs` (null: when raised, or after the longest wait). One waiter at a time.
   */
  async wait(timeoutMs: number | null): Promise<void> {
    if (!this.#raised && timeoutMs !== 0) {
      let cancel: Cancel | null = null
      await new Promise<void>((resolve) => {
        this.#wake = resolve
        const longestMs = Math.min(this.#longestMs, LONGEST_TIMER_MS)
        cancel = this.#clock.setTimer(Math.min(timeoutMs ?? longestMs, longestMs), resolve)
      })
      this.#wake = null
      ;(cancel as Cancel | null)?.()
    }
    if (++this.#waits % WAITS_PER_TURN === 0) await this.#clock.nextTurn()
    this.#raised = false
  }
}
