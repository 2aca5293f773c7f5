/** Waits until committed data can be read: a broker answers the end of a transaction before its markers are written. */
import type { Cluster } from './cluster.js'
import { listOffsets } from './list-offsets.js'
import { growingPauseMs } from './retry.js'

const FIRST_POLL_MS = 5
const MAX_POLL_MS = 100

/**
 * Waits until a read-committed reader of `topics` sees everything that was written before the call: a broker confirms a
 * transaction shortly before its records can be read. Resolves with true, or with false after `timeoutMs` (default 10000) if
 * a transaction is still open.
 */
export async function untilStable(cluster: Cluster, topics: readonly string[], timeoutMs = 10_000): Promise<boolean> {
  const partitions = [...(await cluster.topics(topics))].flatMap(([topic, { leaders }]) =>
    leaders.map((_, partition) => ({ topic, partition })),
  )
  const written = await listOffsets(cluster, partitions, 'latest', 'readUncommitted')
  const deadlineMs = cluster.clock.monotonicMs() + timeoutMs
  for (let polls = 0; ; polls++) {
    const stable = await listOffsets(cluster, partitions, 'latest', 'readCommitted')
    if (stable.every(({ offset }, i) => offset >= written[i]!.offset)) return true
    if (cluster.clock.monotonicMs() >= deadlineMs) return false
    await cluster.pause(growingPauseMs(cluster.random, polls, FIRST_POLL_MS, MAX_POLL_MS))
  }
}
