/** The types of a commit, shared by the transaction manager, the group member and the runtime. */
import type { BatchBuilder } from '../protocol/index.js'

/** One batch for one partition. A partition with more than a batch's worth appears several times, in order. */
export interface ProduceBatch {
  readonly topic: string
  readonly partition: number
  readonly builder: BatchBuilder
}

/** The position of a consumer group in one partition. */
export interface OffsetToCommit {
  readonly topic: string
  readonly partition: number
  /** The next offset to read. */
  readonly offset: number
  /** Epoch of the leader that wrote the record before it, or a later one (KIP-320). Default -1: not known. */
  readonly leaderEpoch?: number
  /** Text stored beside the offset, at most 4,096 bytes by the broker's default; may be empty. */
  readonly metadata: string
}

/** The group member that commits (KIP-447). The broker rejects a commit of a member or generation that is not the present one. */
export interface GroupIdentity {
  /** The consumer group. */
  readonly groupId: string
  /** The member's id, as the coordinator gave it. */
  readonly memberId: string
  /** The generation of the group the member has joined. */
  readonly generationId: number
  /** The id of a static member; null: a dynamic member. */
  readonly groupInstanceId: string | null
}

/** Batch → offset of its first record. Other writers' batches may lie between two of the same partition. */
export type BatchOffsets = ReadonlyMap<ProduceBatch, number>

/** The commit of a batch of records. */
export interface Committed {
  readonly kind: 'committed'
  /** @internal */
  readonly batchOffsets: BatchOffsets
}

/** How a transaction ended. After `unknown`, `init` asks the broker and settles it. */
export type CommitOutcome =
  | Committed
  /** Nothing of it is visible; the producer can begin another one. */
  | { readonly kind: 'aborted'; readonly cause: unknown }
  /** Aborted because the group has moved on (ILLEGAL_GENERATION, UNKNOWN_MEMBER_ID, REBALANCE_IN_PROGRESS). */
  | { readonly kind: 'staleGeneration' }
  /** Another producer has the transactional id, or the transaction timed out: nothing of it is or becomes visible. */
  | { readonly kind: 'fenced'; readonly cause: unknown }
  | { readonly kind: 'unknown'; readonly cause: unknown }
