/** One key of a store in memory, with a version per layer: open, in flight, committed. */

/** No version in this layer. Unlike null, which means deleted (or, in the base, known to be absent). */
export const NONE: unique symbol = Symbol('none')

/** An object that its serde keeps: its owner may go on changing it until the commit. Only an open version is one. */
export class Kept {
  readonly value: object

  constructor(value: object) {
    this.value = value
  }
}

/**
 * A value as memory keeps it: primitives decoded, everything else as the bytes its serde made when it was put, so that
 * a caller who changes its object later cannot reach the store. Directories are arrays of times or of byte strings.
 */
export type HeldValue = string | number | bigint | boolean | Buffer | Kept | number[] | string[] | null

/** What a cell costs beside key and value, measured on Node 20 with a million cells. */
export const CELL_OVERHEAD_BYTES = 240

/** Who finds the cell by its key. */
export interface CellHome {
  /** The cell left memory. */
  forget(cell: Cell): void
}

export class Cell {
  readonly home: CellHome
  /** The local key, one char per byte. */
  readonly key: string
  /** The user's key where it is a primitive, so that flushing need not decode it; undefined otherwise. */
  userKey: unknown = undefined
  /** Written since the last beginCommit. */
  open: HeldValue | typeof NONE = NONE
  /** In the transaction being committed. */
  inFlight: HeldValue | typeof NONE = NONE
  /** Committed; what the disk has or will have. NONE: not read yet. */
  base: HeldValue | typeof NONE = NONE
  // NaN keeps the fields doubles from the start, so that no later write changes the shape.
  openMs = Number.NaN
  inFlightMs = Number.NaN
  baseMs = Number.NaN
  /** Base differs from the disk and is in the pending list. */
  pending = false
  /** Base is in the batch being written now. */
  writing = false
  /** Looked at since the clock hand passed. */
  referenced = true
  /** Index in the ring of the cache, -1 once it left. */
  slot = -1
  /** Last accounted size. */
  bytes = 0

  /** Record cache: waiting for the flush listener, in order of last change. */
  queued = false
  /** What the listener was told last. */
  before: HeldValue | typeof NONE = NONE
  newer: Cell | null = null
  older: Cell | null = null

  constructor(key: string, home: CellHome) {
    this.home = home
    this.key = key
  }

  /** The newest version. */
  get held(): HeldValue | typeof NONE {
    return this.open !== NONE ? this.open : this.inFlight !== NONE ? this.inFlight : this.base
  }

  get heldMs(): number {
    return this.open !== NONE ? this.openMs : this.inFlight !== NONE ? this.inFlightMs : this.baseMs
  }
}

/** Bytes a held value keeps in memory, roughly. */
export function heldBytes(held: HeldValue): number {
  switch (typeof held) {
    case 'string':
      return held.length
    case 'object':
      if (held === null) return 0
      // Its bytes are counted when the commit has made them.
      if (held instanceof Kept) return 0
      return Array.isArray(held) ? listBytes(held) : held.length + 96
    default:
      return 8
  }
}

function listBytes(list: readonly number[] | readonly string[]): number {
  let bytes = list.length * 8
  for (const entry of list) if (typeof entry === 'string') bytes += entry.length
  return bytes
}
