/** The latest decisions of each partition, bounded, for browsers that connect again after a moment. */
import type { PlacedDecision } from './frame.js'

interface Kept {
  /** In the order they came, which for the commit's own records may run ahead of the topic's reader. */
  readonly decisions: PlacedDecision[]
  /** Every record at or after this offset that was seen is in `decisions`. */
  completeFrom: number
}

export class DeliveryHistory {
  readonly #maxPerPartition: number
  readonly #partitions = new Map<number, Kept>()

  constructor(maxPerPartition: number) {
    this.#maxPerPartition = maxPerPartition
  }

  /** Records before `offset` were never seen here. */
  begin(partition: number, offset: number): void {
    const kept = this.#of(partition)
    kept.completeFrom = Math.max(kept.completeFrom, offset)
  }

  add(placed: PlacedDecision): void {
    const kept = this.#of(placed.partition)
    kept.decisions.push(placed)
    // In large steps, so that a record costs no shift of the whole list.
    if (kept.decisions.length < 2 * this.#maxPerPartition) return
    for (const { offset } of kept.decisions.splice(0, this.#maxPerPartition)) {
      kept.completeFrom = Math.max(kept.completeFrom, offset + 1)
    }
  }

  /** Drops the decisions of the users that pass the test. */
  forget(isForgotten: (userId: string) => boolean): void {
    for (const kept of this.#partitions.values()) {
      const left = kept.decisions.filter(({ decision }) => !isForgotten(decision.userId))
      if (left.length < kept.decisions.length) kept.decisions.splice(0, kept.decisions.length, ...left)
    }
  }

  completeFrom(partition: number): number {
    return this.#of(partition).completeFrom
  }

  /** The user's decisions at or after `offset` that are kept, in the topic's order. */
  since(userId: string, partition: number, offset: number): PlacedDecision[] {
    return this.#of(partition)
      .decisions.filter((placed) => placed.offset >= offset && placed.decision.userId === userId)
      .sort((a, b) => a.offset - b.offset)
  }

  #of(partition: number): Kept {
    let kept = this.#partitions.get(partition)
    if (kept === undefined) {
      kept = { decisions: [], completeFrom: 0 }
      this.#partitions.set(partition, kept)
    }
    return kept
  }
}
