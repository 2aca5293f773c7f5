/** The part of one task in a commit: everything that becomes visible together. */
import type { BatchOffsets, OffsetToCommit, ProduceBatch } from '../client/commit.js'
import type { Headers, TopicPartition } from '../record/record.js'
import type { TaskId } from '../record/task-id.js'
import type { ChangelogEnd } from '../state/state-options.js'
import type { StoreDefinition } from '../state/stores/index.js'

/** A record on its way to a topic somebody in this process listens to; its offset is known once committed. */
export interface CapturedRecord {
  readonly topic: string
  readonly partition: number
  /** The batch it is in, and its position there from 0. */
  readonly batch: ProduceBatch
  readonly index: number
  readonly timestamp: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: Headers
}

export interface TaskCommit {
  readonly taskId: TaskId
  /** Outputs, dead letters and changelogs, in the order written per partition. */
  readonly batches: readonly ProduceBatch[]
  readonly offsets: readonly OffsetToCommit[]
  /** Store → where its changes went and how many: its changelog's end is base offset + records. */
  readonly changelogs: ReadonlyMap<
    string,
    { readonly topic: string; readonly partition: number; readonly records: number }
  >
  /** Only of topics the task was told to capture. */
  readonly captured: readonly CapturedRecord[]
}

/** A partition whose records were processed beyond what was committed. */
export interface UncommittedPartition extends TopicPartition {
  readonly taskId: string
  /** Next offset by the last certain commit; the records from here on will be processed again. */
  readonly committedOffset: number
  /** Next offset to process. */
  readonly position: number
}

/** Store → where its changelog ends once `commit` is through. */
export function changelogEnds(
  commit: TaskCommit,
  batchOffsets: BatchOffsets,
  stores: readonly StoreDefinition[],
  topicId: (topic: string) => string | null,
): Map<string, ChangelogEnd> {
  const ends = new Map<string, ChangelogEnd>()
  for (const [store, { topic, partition, records }] of commit.changelogs) {
    // Nobody else writes to this partition, so its batches lie one behind the other.
    const first = commit.batches.find((batch) => batch.topic === topic && batch.partition === partition)
    const base = first === undefined ? undefined : batchOffsets.get(first)
    if (base !== undefined) ends.set(store, { offset: base + records, topicId: topicId(topic) })
  }
  // A store whose changelog is its source stands where its source stands.
  for (const { name, changelogTopic } of stores) {
    if (changelogTopic === null) continue
    const read = commit.offsets.find(({ topic }) => topic === changelogTopic)
    if (read !== undefined) ends.set(name, { offset: read.offset, topicId: topicId(changelogTopic) })
  }
  return ends
}
