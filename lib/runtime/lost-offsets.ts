/** Offsets of sources that brokers no longer have: gone for good, or only for a member that was overtaken. */
import type { MillraceError } from '../errors.js'

export class LostOffsets {
  #place = ''
  #number = -1

  /**
   * An offset that is gone is an error, unless another member has the partition by now, went on, and the records were
   * deleted behind it: then only the group's offsets tell, so the task is taken over again before it counts.
   * @param number ownership of the task that read it
   * @param committedOffset where the task began by its last take-over or commit
   * @returns true if it is gone for good
   */
  isFinal({ topic, partition, offset }: MillraceError, number: number, committedOffset: number | undefined): boolean {
    const place = `${topic}-${partition}@${offset}`
    const takenOverSince = this.#place === place && this.#number !== number
    this.#place = place
    this.#number = number
    return takenOverSince && committedOffset === offset
  }
}
