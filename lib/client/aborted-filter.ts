/** Filters a fetched range for a read_committed reader, as Kafka's Java consumer does. */
import type { BatchView } from '../protocol/batch/batch.js'

export interface AbortedTransaction {
  readonly producerId: number
  readonly firstOffset: number
}

/**
 * The data batches of `batches` (one partition of one Fetch response, in log order) that belong to no aborted
 * transaction. `aborted` is that response's own list: the broker names every aborted transaction that overlaps the
 * returned range, also one that began before it or whose marker is after it, so nothing is carried over between
 * responses. It comes ordered by *last* offset, hence the sort. Control batches are never data.
 */
export function committedBatches(
  batches: readonly BatchView[],
  aborted: readonly AbortedTransaction[] | null,
): BatchView[] {
  if (aborted === null || aborted.length === 0) return batches.filter((batch) => !batch.isControl)
  const pending = [...aborted].sort((a, b) => a.firstOffset - b.firstOffset)
  const open = new Set<number>()
  const visible: BatchView[] = []
  let next = 0
  for (const batch of batches) {
    for (; next < pending.length && pending[next]!.firstOffset <= batch.lastOffset; next++) {
      open.add(pending[next]!.producerId)
    }
    if (batch.isControl) open.delete(batch.producerId)
    else if (!(batch.isTransactional && open.has(batch.producerId))) visible.push(batch)
  }
  return visible
}
