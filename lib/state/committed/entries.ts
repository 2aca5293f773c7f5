/** The committed layer merged with the disk, in key order. */
import { readInt64 } from '../../serde/int64-bytes.js'
import type { HeldValue } from '../layers/cell.js'
import type { Overlay } from '../layers/overlay.js'

export interface CommittedEntry {
  /** Local key. */
  readonly key: string
  readonly held: Exclude<HeldValue, null>
  readonly timestamp: number
}

/**
 * Committed entries with from <= local key < to (null: to the end of the section). What memory has and the disk lacks is
 * taken when iteration begins, together with a snapshot of the disk.
 */
export async function* committedEntries(
  overlay: Overlay,
  from: string,
  to: string | null,
  reverse = false,
): AsyncGenerator<CommittedEntry> {
  const inMemory = overlay.unwritten(from, to)
  if (reverse) inMemory.reverse()
  const lt = to === null ? overlay.section.lt : overlay.diskKey(to)
  let next = 0
  for await (const [diskKey, bytes] of overlay.engine.entries({ gte: overlay.diskKey(from), lt, reverse })) {
    const key = diskKey.toString('latin1', overlay.prefix.length)
    let replaced = false
    while (next < inMemory.length) {
      const entry = inMemory[next]!
      if (reverse ? entry.key < key : entry.key > key) break
      if (entry.held !== null) yield entry as CommittedEntry
      replaced ||= entry.key === key
      next++
    }
    if (!replaced)
      yield { key, held: overlay.decode(bytes.subarray(8)) as Exclude<HeldValue, null>, timestamp: readInt64(bytes, 0) }
  }
  for (; next < inMemory.length; next++) {
    const entry = inMemory[next]!
    if (entry.held !== null) yield entry as CommittedEntry
  }
}
