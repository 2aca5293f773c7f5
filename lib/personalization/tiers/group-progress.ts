/** How far consumer groups have come: waits until they have committed what was there at some moment. */
import type { Admin, Clock, Cluster } from '../../index.js'
import { pause } from '../input/loader/feed.js'
import { mergesTopic, type TopicNames } from '../records/topic-names.js'

/** What {@link GroupProgress} needs. Waiting ends when `signal` does. */
export interface GroupProgressParts {
  readonly cluster: Cluster
  readonly topics: TopicNames
  readonly admin: Admin
  readonly clock: Clock
  readonly signal: AbortSignal
}

const POLL_MS = 100

export class GroupProgress {
  readonly #parts: GroupProgressParts

  constructor(parts: GroupProgressParts) {
    this.#parts = parts
  }

  /** The last stable offset of each partition of a topic. */
  async endsOf(topic: string): Promise<readonly number[]> {
    const { cluster, admin } = this.#parts
    const count = await cluster.partitionCount(topic)
    const partitions = Array.from({ length: count }, (_, partition) => ({ topic, partition }))
    const ends = Array.from({ length: count }, () => 0)
    for (const { partition, offset } of await admin.listOffsets(partitions, 'latest', 'readCommitted')) {
      ends[partition] = offset
    }
    return ends
  }

  /** How far a group has committed a topic, by partition; 0 where it has not. */
  async positionsOf(group: string, topic: string): Promise<readonly number[]> {
    const { cluster, admin } = this.#parts
    const count = await cluster.partitionCount(topic)
    const partitions = Array.from({ length: count }, (_, partition) => ({ topic, partition }))
    const positions = Array.from({ length: count }, () => 0)
    for (const { partition, offset } of await admin.groupOffsets(group, partitions))
      positions[partition] = Math.max(0, offset)
    return positions
  }

  /** Resolves when a group has committed a topic up to its present end. */
  async committedAll(group: string, topic: string): Promise<void> {
    await this.committed(group, topic, await this.endsOf(topic))
  }

  /** Resolves when a tier has committed these offsets of `user-activity`, by partition, and what it has sent itself meanwhile. */
  async processed(group: string, tier: string, offsets: readonly number[]): Promise<void> {
    const { topics } = this.#parts
    await this.committed(group, topics.activity, offsets)
    await this.committedAll(group, mergesTopic(topics, tier))
  }

  /** Resolves when a group has committed these offsets of a topic, by partition. */
  async committed(group: string, topic: string, offsets: readonly number[]): Promise<void> {
    const { admin, clock, signal } = this.#parts
    const partitions = offsets.map((_, partition) => ({ topic, partition })).filter((_, i) => offsets[i]! > 0)
    while (!signal.aborted) {
      const committed = await admin.groupOffsets(group, partitions)
      if (committed.length === partitions.length && committed.every((one) => one.offset >= offsets[one.partition]!))
        return
      await pause(clock, POLL_MS, signal)
    }
  }
}
