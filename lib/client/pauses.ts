/**
 * The pauses of one client between attempts. Pauses that end at about the same time end together, so requests that
 * failed together are retried together, in few requests.
 */
import type { Cancel, Clock } from '../record/clock.js'

/** Pauses end in steps of at most this part of them: a quarter of one shorter or longer than asked for. */
const STEP_PART = 0.5
/** Pauses with a smaller step are kept to the millisecond: something that takes a moment is polled. */
const LEAST_STEP_MS = 8

interface Shared {
  readonly over: Promise<void>
  readonly cancel: Cancel
  readonly reject: (error: unknown) => void
}

export class Pauses {
  readonly #clock: Clock
  readonly #closedError: () => Error
  /** Monotonic time at which they end → those in progress. */
  readonly #shared = new Map<number, Shared>()
  #closed = false

  /** `closedError`: what a pause rejects with as soon as the client closes. */
  constructor(clock: Clock, closedError: () => Error) {
    this.#clock = clock
    this.#closedError = closedError
  }

  /** Resolves after about so long. */
  wait(pauseMs: number): Promise<void> {
    if (this.#closed) return Promise.reject(this.#closedError())
    const nowMs = this.#clock.monotonicMs()
    const stepMs = stepOf(pauseMs)
    const endMs = stepMs === 0 ? nowMs + pauseMs : Math.round((nowMs + pauseMs) / stepMs) * stepMs
    const known = this.#shared.get(endMs)
    if (known !== undefined) return known.over
    let reject: Shared['reject'] = () => undefined
    let cancel: Cancel = () => undefined
    const over = new Promise<void>((resolve, fail) => {
      reject = fail
      cancel = this.#clock.setTimer(endMs - nowMs, () => {
        this.#shared.delete(endMs)
        resolve()
      })
    })
    this.#shared.set(endMs, { over, cancel, reject })
    return over
  }

  close(): void {
    this.#closed = true
    for (const { cancel, reject } of this.#shared.values()) {
      cancel()
      reject(this.#closedError())
    }
    this.#shared.clear()
  }
}

/** A power of two, so that pauses of different lengths end together too; 0: the pause is too short to be shared. */
function stepOf(pauseMs: number): number {
  const step = 2 ** Math.floor(Math.log2(pauseMs * STEP_PART))
  return step < LEAST_STEP_MS ? 0 : step
}
