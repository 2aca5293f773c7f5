/**
 * Source offsets that the brokers no longer have: permanently, or only for a member whose tasks another one has taken
 * over.
 */
import type { MillraceError } from '../../errors.js'

export class LostOffsets {
  /** `topic-partition` → the offset last lost there, and the ownership of the task that read it. */
  readonly #lost = new Map<string, { readonly offset: number | undefined; readonly number: number }>()

  /**
   * An offset that is gone is an error, unless another member has the partition by now, continued, and the records were
   * deleted behind it: then only the group's offsets tell, so the task is taken over again before it counts.
   * @param number ownership of the task that read it
   * @param committedOffset where the task began by its last take-over or commit
   * @returns true if it is gone permanently
   */
  isFinal({ topic, partition, offset }: MillraceError, number: number, committedOffset: number | undefined): boolean {
    const place = `${topic}-${partition}`
    const before = this.#lost.get(place)
    this.#lost.set(place, { offset, number })
    const takenOverSince = before !== undefined && before.offset === offset && before.number !== number
    return takenOverSince && committedOffset === offset
  }
}
