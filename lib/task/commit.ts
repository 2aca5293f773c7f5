/** What one task contributes to a commit: everything that becomes visible together. */
import type { OffsetToCommit, ProduceBatch } from '../client/commit.js'
import type { Headers } from '../record/record.js'

/** A record on its way to a topic somebody in this process listens to; its offset is known once committed. */
export interface CapturedRecord {
  readonly topic: string
  readonly partition: number
  /** The batch it lies in, and its position there from 0. */
  readonly batch: ProduceBatch
  readonly index: number
  readonly timestamp: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: Headers
}

export interface TaskCommit {
  readonly taskId: string
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
