/** Nodes that buffer a table's changes, until a window is closed or for some time. */
import type { NodeBase } from './node-base.js'

export interface SuppressNode extends NodeBase {
  readonly kind: 'suppress'
  /** The buffer; also in `stores`. */
  readonly store: string
  /**
   * True: rows of windows, which go out once when their window is closed, deletions never. False: rows wait from the
   * time of the first change held.
   */
  readonly untilWindowCloses: boolean
  /** Counted from the window's end, or from the time of the first change held: a row is due at that time + `waitMs`. */
  readonly waitMs: number
  /** Infinity: no limit. */
  readonly maxRecords: number
  readonly maxBytes: number
  readonly onFull: 'emitEarly' | 'shutDown'
}
