/** Pauses before an instance that failed is opened again: doubled up to the longest, short again after a long life. */

const FIRST_PAUSE_MS = 100
const MAX_PAUSE_MS = 10_000
const LONG_LIFE_MS = 60_000

export class RestartPauses {
  #pauseMs = FIRST_PAUSE_MS

  /** `livedMs`: how long the instance had lived, opening included. */
  after(livedMs: number): number {
    const pauseMs = livedMs > LONG_LIFE_MS ? FIRST_PAUSE_MS : this.#pauseMs
    this.#pauseMs = Math.min(pauseMs * 2, MAX_PAUSE_MS)
    return pauseMs
  }
}
