/** Data that is in the journal but not yet in its own file: the work of the next save. */
import type { SegmentDisk } from './segment-disk.js'

export interface Removal {
  readonly path: string
  /** The folder that names it. */
  readonly folder: string
  /** Closes what is open of it. */
  close(): void
}

export class Unsaved {
  /** Segments with bytes that are only in the journal. */
  readonly segments = new Set<SegmentDisk>()
  /** Folders with new or removed names. */
  readonly folders = new Set<string>()
  removals: Removal[] = []

  takeSegments(): SegmentDisk[] {
    const taken = [...this.segments]
    this.segments.clear()
    for (const segment of taken) segment.seal()
    return taken
  }

  takeRemovals(): Removal[] {
    const taken = this.removals
    this.removals = []
    return taken
  }
}
