/**
 * Decides whether another process or a delayed request of this one has fenced a static member. The coordinator gives
 * the place of an instance id to any join without a member id (KIP-345), also to a delayed join of an earlier process
 * or one whose answer was lost.
 */

export class InstanceFence {
  readonly #withinMs: number
  /** Joins without a member id that were sent and never answered: each may yet take the place once. */
  #unanswered = 0
  /** The last fence that none of them explains. */
  #lastMs = Number.NEGATIVE_INFINITY

  /** A process that is alive hears within `withinMs` that its place was taken, and takes it back. */
  constructor(withinMs: number) {
    this.#withinMs = withinMs
  }

  joinUnanswered(): void {
    this.#unanswered++
  }

  /**
   * Told of each fence. True: take the place back. A request of an earlier life comes once and no more; another process comes
   * again, so that of two the one that came last continues.
   */
  mayBeOwn(nowMs: number): boolean {
    if (this.#unanswered > 0) {
      this.#unanswered--
      return true
    }
    const first = nowMs - this.#lastMs > this.#withinMs
    this.#lastMs = nowMs
    return first
  }
}
